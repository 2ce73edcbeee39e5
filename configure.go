package bearergate

import "net/http"

// Configure returns the outermost middleware. Its settings hold for every guard
// and every [Refuse] inside. Without it the defaults hold. Inside another
// Configure, a setting that c does not set is that of the outer one, and each
// observer receives the decision. The error names every fault of c.
func Configure(c Config) (Middleware, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	standalone := &settings{Config: *c.over(&defaultConfig)}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := extend(r.Context())
			if s.settings == &defaultSettings {
				s.settings = standalone
			} else {
				s.settings = &settings{Config: *c.over(&s.settings.Config)}
			}
			if c.Observer == nil {
				next.ServeHTTP(w, r.WithContext(s))
				return
			}
			if s.record == nil {
				s.record = newRecord(r.Context())
			}
			returned := false
			defer func() { s.record.report(r.Context(), c.Observer, returned) }()
			next.ServeHTTP(w, r.WithContext(s))
			returned = true
		})
	}, nil
}
