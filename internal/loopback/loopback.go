// Package loopback recognizes hosts of this machine, for which URLs may use plain
// http.
package loopback

import "net/netip"

// IsHost reports whether host, without brackets and port, is localhost or an
// address of the loopback interface, including IPv4 addresses mapped into IPv6.
func IsHost(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
