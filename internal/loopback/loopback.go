// Package loopback recognizes this machine in a URL, for plain http.
package loopback

import "net/netip"

// IsHost reports whether host, without brackets and port, is localhost or an
// address of the loopback interface, also one that is mapped into IPv6.
func IsHost(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
