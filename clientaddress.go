package bearergate

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddress returns the last address before the trusted proxies, from the peer
// backwards through X-Forwarded-For.
func clientAddress(r *http.Request, trustedProxies []netip.Prefix) (netip.Addr, error) {
	addr, ok := parseAddress(r.RemoteAddr)
	if !ok {
		return netip.Addr{}, errors.New("bearergate: the request has no peer address to limit by")
	}
	for _, line := range slices.Backward(r.Header["X-Forwarded-For"]) {
		for more := true; more; {
			if !isTrusted(addr, trustedProxies) {
				return addr, nil
			}
			var last string
			line, last, more = cutLast(line)
			before, ok := parseAddress(strings.Trim(last, " \t"))
			if !ok {
				return addr, nil // the proxy did not know the address before it
			}
			addr = before
		}
	}
	return addr, nil
}

// cutLast splits a comma-separated list before its last element. It reports whether
// there are other elements.
func cutLast(list string) (before, last string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return "", list, false
}

func isTrusted(addr netip.Addr, proxies []netip.Prefix) bool {
	mapped := addr
	if addr.Is4() {
		mapped = netip.AddrFrom16(addr.As16())
	}
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(addr) || p.Contains(mapped) })
}

// parseAddress parses an address with or without port, in the forms that peers and
// proxies have.
func parseAddress(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}
