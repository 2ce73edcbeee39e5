package bearergate

import "net/http"

// OptionalToken returns a guard for routes that serve anonymous callers too. A
// request without an Authorization header passes, and [TokenFrom] reports false.
// Every other request is treated as [RequireToken] with these arguments treats it:
// wrong or malformed credentials, another scheme and an empty header are refused,
// and never count as none.
//
// Guards inside that need a token, such as [RequireScope], answer an anonymous
// caller 401 invalid_token, with the challenge of a request without a token. A
// [RateLimit] inside does so too, unless [WithKey] gives anonymous callers a key.
//
// If the handler's answer depends on the caller and may be cached, the handler sets
// Vary: Authorization, so that no cache sends the anonymous answer to other callers.
//
// It starts anew, as RequireToken does: the token of an outer guard, or of
// [ContextWithToken], does not count for a request without the header.
func OptionalToken(v Verifier, opts ...TokenOption) Middleware {
	g := newTokenGuard("OptionalToken", v, opts)
	return guard(func(w http.ResponseWriter, r *http.Request, outer visit) (visit, *Error) {
		if len(r.Header["Authorization"]) > 0 {
			return g.check(w, r, outer)
		}
		outer.record.verifying()
		return g.anonymous(r, outer), nil
	}).middleware()
}

func (g *tokenGuard) anonymous(r *http.Request, outer visit) visit {
	v := outer.own(r, outer.hasCaller())
	v.setCaller(caller{schemes: g.schemes[len(g.schemes)-1], anonymous: true})
	return v
}
