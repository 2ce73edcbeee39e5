package outages

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/bearergate/bearergate/otelgate"
	"github.com/bearergate/bearergate/tokenendpoint"
	sdk "go.opentelemetry.io/otel/sdk/metric"
)

// world is the API, what it depends on, and what is seen of it.
type world struct {
	issuer    *bearergatetest.Issuer
	keyServer *keyServer
	keys      jwtverifier.KeySource
	grants    *grants
	codes     *codes
	limiter   shared
	endpoint  *tokenendpoint.Endpoint
	tokens    installation.MemoryTokens
	signer    *fault
	miswired  atomic.Bool
	skewed    atomic.Bool

	gate        *otelgate.Gate
	reader      *sdk.ManualReader
	log         *lines
	network     network
	server      *http.Server
	received    *received
	walletLock  sync.Mutex
	wallets     map[string]*wallet
	stolen      string // a token
	connections []*connection
	apps        []*http.Client
}

// newWorld starts the API.
func newWorld(s Scenario) *world {
	w := &world{
		issuer: bearergatetest.NewIssuer(), grants: &grants{fault: new(fault)}, codes: &codes{fault: new(fault)}, signer: new(fault),
		limiter: shared{new(fault), perMinute(240)}, reader: sdk.NewManualReader(), log: newLines(),
		network: make(network), received: newReceived(), wallets: make(map[string]*wallet),
	}
	w.keyServer = &keyServer{fault: new(fault), issuer: w.issuer}
	w.keys = must(jwtverifier.DiscoverKeys(w.issuer.URL, jwtverifier.WithTransport(w.keyServer)))
	w.gate = must(otelgate.New(sdk.NewMeterProvider(sdk.WithReader(w.reader))))
	must(w.gate.ObserveKeys(w.issuer.URL, w.keys))
	configure := must(bearergate.Configure(bearergate.Config{Observer: w.gate.Observer(bearergate.LogDecisions(w.logger()))}))
	w.server = &http.Server{Handler: configure(w.api(s.Fallback)), ErrorLog: log.New(io.Discard, "", 0)}
	go w.server.Serve(w.network)
	return w
}

func (w *world) logger() *slog.Logger { return slog.New(w.log.handler()) }

func (w *world) close() {
	w.keys.Close()
	w.server.Close()
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// api returns the routes with their guards.
func (w *world) api(fallback bool) http.Handler {
	w.endpoint = must(tokenendpoint.New(tokenendpoint.Config{
		Clients: tokenendpoint.ClientStoreFunc(findClient), Store: w.codes, Issue: w.issue, Grants: w.grants, UsesReported: true,
		Revoked: func(ctx context.Context, a tokenendpoint.Authorization) error {
			return w.tokens.RevokeFamily(ctx, a.FamilyID)
		},
	}))
	config := w.issuer.Config()
	config.Keys, config.Logger = w.keys, w.logger()
	service := must(installation.New(installation.Config{
		AccessTokens: must(jwtverifier.New(config)), Grants: w.grants, Tokens: &w.tokens, ReportUse: w.endpoint.ReportUse,
	}))
	mux := http.NewServeMux()
	mux.Handle("POST /oauth/token", w.endpoint)
	mux.Handle("POST /installations/{grantId}/tokens", service.Mint())
	mux.Handle("GET /orgs/{org}/projects", bearergate.Chain(
		bearergate.RequireToken(service.Verifier(), bearergate.AccessToken, bearergate.InstallationToken),
		w.rateLimit(fallback),
		bearergate.RequireGrant(w.grants),
		bearergate.Require(w.reportUse),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireScope(scope),
	)(http.HandlerFunc(listProjects)))
	mux.Handle("GET /orgs/{org}/reports", w.reports(service.Verifier()))
	return bearergate.LimitFailedAuthentication(perMinute(60))(mux)
}

const scope = "projects:read"

func listProjects(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "[]\n") }

func (w *world) rateLimit(fallback bool) bearergate.Middleware {
	if fallback {
		return bearergate.RateLimit(w.limiter, bearergate.WithFallback(perMinute(240)))
	}
	return bearergate.RateLimit(w.limiter)
}

func (w *world) reportUse(r *http.Request) error {
	token, _ := bearergate.TokenFrom(r.Context())
	return w.endpoint.ReportUse(r.Context(), token)
}

// reports is a route that a release loses RequireToken of.
func (w *world) reports(v bearergate.Verifier) http.Handler {
	scoped := bearergate.RequireScope(scope)(http.HandlerFunc(listProjects))
	guarded := bearergate.RequireToken(v, bearergate.AccessToken, bearergate.InstallationToken)(scoped)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.miswired.Load() {
			scoped.ServeHTTP(rw, r)
			return
		}
		guarded.ServeHTTP(rw, r)
	})
}

const accessLifetime = 5 * time.Minute

func (w *world) issue(ctx context.Context, r tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
	if err := w.signer.call(ctx, signerAddress); err != nil {
		return tokenendpoint.Issued{}, fmt.Errorf("sign the access token: %w", err)
	}
	token := w.issuer.AccessToken(bearergatetest.SignedWith(bearergatetest.EdDSA), bearergatetest.WithGrant(r.GrantID),
		bearergatetest.WithClaim("jti", r.TokenID), bearergatetest.WithScopes(r.Scopes...), bearergatetest.ExpiresIn(accessLifetime))
	return tokenendpoint.Issued{Token: token, ExpiresIn: accessLifetime}, nil
}

const (
	appSecret   = "the secret of app-1"
	redirectURI = "https://app.example/callback"
)

func findClient(_ context.Context, id string) (tokenendpoint.Client, error) {
	if id != bearergatetest.DefaultClientID {
		return tokenendpoint.Client{}, bearergate.ErrInvalidClient
	}
	return tokenendpoint.Client{ID: id, Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum(appSecret)}, RedirectURIs: []string{redirectURI}}, nil
}
