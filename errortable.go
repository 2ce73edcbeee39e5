package bearergate

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Code is the value of the "error" member of an error answer. It is also an error
// that sets this answer: return it as it is, wrap it with %w, or compare with
// [errors.Is]. An [*Error] carries details as well. The set of codes is closed;
// [Codes] returns it.
type Code string

// The codes, in the order of the documented table, with the status of each.
// [Code.Meaning] and [Code.Remedy] say more.
const (
	ErrInvalidRequest         Code = "invalid_request"         // 400: missing or malformed (RFC 6750 section 3.1, RFC 6749 section 5.2)
	ErrInvalidGrant           Code = "invalid_grant"           // 401: a bad code or refresh token (RFC 6749 section 5.2)
	ErrInvalidToken           Code = "invalid_token"           // 401: a bad token (RFC 6750 section 3.1)
	ErrMissingScope           Code = "missing_scope"           // 403: insufficient_scope of RFC 6750 section 3.1
	ErrWrongOrganization      Code = "wrong_organization"      // 403: a resource of another organization
	ErrForbidden              Code = "forbidden"               // 403: any other reason not to allow it
	ErrGrantNotFound          Code = "grant_not_found"         // 404: no such grant
	ErrGrantRevoked           Code = "grant_revoked"           // 410: a revoked grant
	ErrRateLimited            Code = "rate_limited"            // 429: a budget is used up
	ErrInvalidClient          Code = "invalid_client"          // 401: failed client authentication (RFC 6749 section 5.2)
	ErrTemporarilyUnavailable Code = "temporarily_unavailable" // 503: the server cannot decide
	ErrServerError            Code = "server_error"            // 500: the guards are wired wrongly
)

// Action is the reaction of a client to an answer.
type Action int

const (
	// KeepConnection is for answers that are not about the client's credentials: the
	// page of a proxy, a fault of the server, or an answer of the API itself. The
	// client goes on using the connection.
	KeepConnection Action = iota
	// FixRequest is for refusals that come again if the request is repeated unchanged.
	FixRequest
	// RestartAuthorization sends the user to the authorization page again.
	RestartAuthorization
	// RefreshAndRemint gets a new access token and a new installation token, and
	// repeats the request once.
	RefreshAndRemint
	// Reauthorize asks the user for the scopes that are required.
	Reauthorize
	// Reconnect shows the user that the connection is gone. No more requests are
	// made with it.
	Reconnect
	// Wait repeats the request after the time that Retry-After gives.
	Wait
)

// String returns the action in words.
func (a Action) String() string {
	switch a {
	case KeepConnection:
		return "keep the connection"
	case FixRequest:
		return "fix the request"
	case RestartAuthorization:
		return "restart the authorization"
	case RefreshAndRemint:
		return "refresh and re-mint"
	case Reauthorize:
		return "authorize again"
	case Reconnect:
		return "reconnect"
	case Wait:
		return "wait"
	}
	return "Action(" + strconv.Itoa(int(a)) + ")"
}

// challenge decides whether an answer has a WWW-Authenticate header.
type challenge int

const (
	noChallenge challenge = iota
	// challengeAlways names the schemes by which tokens are accepted.
	challengeAlways
	// challengeIfGuarded names them in the answer of a guarded route, and not in
	// that of an endpoint.
	challengeIfGuarded
	// challengeBasic names Basic if the client sent an Authorization header to an
	// endpoint (RFC 6749 section 5.2). On a guarded route it is challengeIfGuarded.
	challengeBasic
)

// row is a row of the error table.
type row struct {
	code      Code
	status    int
	meaning   string
	remedy    string
	action    Action
	challenge challenge
	// attribute is the error attribute of the challenge (RFC 6750 section 3.1).
	attribute     string
	pragmaNoCache bool
	// retryAfter is the Retry-After of an error that sets none. If it is 0, answers
	// of the row have no Retry-After.
	retryAfter time.Duration
}

// table is the error table: the writer, the token endpoint and package client
// read it.
var table = [...]row{
	{
		code: ErrInvalidRequest, status: http.StatusBadRequest, action: FixRequest,
		meaning:   "A parameter or the Authorization header is missing or malformed.",
		remedy:    "Fix the request; do not retry it unchanged.",
		challenge: challengeIfGuarded, attribute: "invalid_request",
	},
	{
		code: ErrInvalidGrant, status: http.StatusUnauthorized, action: RestartAuthorization,
		meaning:   "The code expired or was used, redirect_uri or PKCE does not match, or the refresh token was revoked.",
		remedy:    "Restart the authorization; for a refresh token, reconnect.",
		challenge: challengeIfGuarded, pragmaNoCache: true,
	},
	{
		code: ErrInvalidToken, status: http.StatusUnauthorized, action: RefreshAndRemint,
		meaning:   "The token is expired, forged, unknown, or of the wrong type.",
		remedy:    "Refresh the tokens and replay the request once.",
		challenge: challengeAlways, attribute: "invalid_token",
	},
	{
		code: ErrMissingScope, status: http.StatusForbidden, action: Reauthorize,
		meaning:   "The token is valid and does not hold a scope that the route needs.",
		remedy:    "Authorize again with the scopes named in required.",
		challenge: challengeAlways, attribute: "insufficient_scope",
	},
	{
		code: ErrWrongOrganization, status: http.StatusForbidden, action: FixRequest,
		meaning: "The caller does not belong to the organization of the resource.",
		remedy:  "Use the token of that organization's installation; do not retry.",
	},
	{
		code: ErrForbidden, status: http.StatusForbidden, action: FixRequest,
		meaning: "The token is valid and its holder may not do this.",
		remedy:  "Do not retry; the connection works on.",
	},
	{
		code: ErrGrantNotFound, status: http.StatusNotFound, action: FixRequest,
		meaning: "The grant was deleted or never existed.",
		remedy:  "Do not retry.",
	},
	{
		code: ErrGrantRevoked, status: http.StatusGone, action: Reconnect,
		meaning: "The grant exists and was revoked.",
		remedy:  "Drop the connection and ask the user to reconnect.",
	},
	{
		code: ErrRateLimited, status: http.StatusTooManyRequests, action: Wait,
		meaning:    "The budget of requests is used up.",
		remedy:     "Wait as long as Retry-After says, then retry.",
		retryAfter: time.Second,
	},
	{
		code: ErrInvalidClient, status: http.StatusUnauthorized, action: FixRequest,
		meaning:   "The client's own authentication failed at the token endpoint.",
		remedy:    "Fix the client's credentials.",
		challenge: challengeBasic, pragmaNoCache: true,
	},
	{
		code: ErrTemporarilyUnavailable, status: http.StatusServiceUnavailable, action: Wait,
		meaning:    "The server cannot decide right now. The credentials may be fine.",
		remedy:     "Keep the connection, wait as long as Retry-After says, then retry.",
		retryAfter: 5 * time.Second,
	},
	{
		code: ErrServerError, status: http.StatusInternalServerError, action: KeepConnection,
		meaning: "The guards of this route are wired wrongly.",
		remedy:  "Keep the connection and tell the operator.",
	},
}

// row returns the row of the code, nil if the table has none.
func (c Code) row() *row {
	if i := c.index(); i >= 0 {
		return &table[i]
	}
	return nil
}

// index returns the index of the code's row, a negative number if the table has none.
func (c Code) index() int { return slices.Index(codes[:], c) }

// codes are those of the table, close together, since each refusal looks for one.
var codes = func() (codes [len(table)]Code) {
	for i := range table {
		codes[i] = table[i].code
	}
	return codes
}()

// Codes returns every code, in the order of the documented table.
func Codes() []Code { return slices.Clone(codes[:]) }

// Error returns the code.
func (c Code) Error() string { return string(c) }

// Status returns the HTTP status of the answer, 0 for a code that is not in
// the table.
func (c Code) Status() int {
	if row := c.row(); row != nil {
		return row.status
	}
	return 0
}

// Meaning returns a sentence that says what the answer means, empty for a code
// that is not in the table.
func (c Code) Meaning() string {
	if row := c.row(); row != nil {
		return row.meaning
	}
	return ""
}

// Remedy returns a sentence that says what the client does about the answer, empty
// for a code that is not in the table.
func (c Code) Remedy() string {
	if row := c.row(); row != nil {
		return row.remedy
	}
	return ""
}

// Action returns the reaction of the client: [KeepConnection] for a code that is
// not in the table.
func (c Code) Action() Action {
	if row := c.row(); row != nil {
		return row.action
	}
	return KeepConnection
}

// RetryAfter returns the Retry-After of an [Error] of this code that sets none. It
// returns 0 if answers of this code have no Retry-After.
func (c Code) RetryAfter() time.Duration {
	if row := c.row(); row != nil {
		return row.retryAfter
	}
	return 0
}
