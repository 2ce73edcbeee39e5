package jose

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/bearergate/bearergate/internal/strictjson"
)

// Header holds the members that the verification depends on.
type Header struct {
	Algorithm string
	KeyID     string // empty: none named
	Type      string // empty: none named
}

// headers caches decoded headers by their segment. Tokens of one key have the same
// header.
type headers struct {
	known  atomic.Pointer[map[string]Header]
	adding sync.Mutex
}

// maxHeaders and maxHeaderLength bound the memory if an issuer's headers differ
// from token to token.
const (
	maxHeaders      = 128
	maxHeaderLength = 1 << 10
)

func (k *headers) read(segment []byte) (Header, error) {
	if known := k.known.Load(); known != nil {
		if h, ok := (*known)[string(segment)]; ok {
			return h, nil
		}
	}
	text, _, err := appendDecoded(nil, segment)
	if err != nil {
		return Header{}, err
	}
	return parseHeader(string(text))
}

func (k *headers) remember(segment []byte, h Header) {
	known := k.known.Load()
	if known != nil {
		if _, ok := (*known)[string(segment)]; ok || len(*known) >= maxHeaders {
			return
		}
	}
	if len(segment) > maxHeaderLength {
		return
	}
	k.adding.Lock()
	defer k.adding.Unlock()
	more := make(map[string]Header)
	if known = k.known.Load(); known != nil {
		maps.Copy(more, *known)
	}
	more[string(segment)] = h
	k.known.Store(&more)
}

// parseHeader decodes a header. It rejects members that change the signed content,
// and ignores members that offer keys.
func parseHeader(text string) (h Header, err error) {
	hasAlgorithm, hasType := false, false
	err = strictjson.Object(text, func(name, value string) error {
		ok := true
		switch name {
		case "alg":
			h.Algorithm, ok = strictjson.String(value)
			hasAlgorithm = true
		case "kid":
			h.KeyID, ok = strictjson.String(value)
		case "typ":
			h.Type, ok = strictjson.String(value)
			hasType = true
		case "zip":
			if zip, _ := strictjson.String(value); zip != "NONE" { // ForgeRock puts it into every token
				return malformed("the payload is compressed")
			}
		case "crit", "b64", "enc":
			return malformed("the header has a member that changes the signed content")
		}
		if !ok {
			return malformed("a header member is not a string")
		}
		return nil
	})
	switch {
	case err != nil:
		return h, &headerError{err}
	case !hasAlgorithm:
		return h, malformed("the header has no alg")
	case hasType && h.Type == "":
		return h, malformed("the header has an empty typ")
	}
	return h, nil
}
