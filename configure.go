package bearergate

import (
	"net/http"
	"sync/atomic"
)

// Configure returns the outermost middleware. Its settings hold for every guard
// and every [Refuse] inside. Without it the defaults hold. Inside another
// Configure, a setting that c does not set is that of the outer one, and each
// observer receives the decision. The error names every fault of c.
func Configure(c Config) (Middleware, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	configured := &configuration{config: c, outermost: newSettings(*c.over(&defaultConfig))}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			outer := visit{stateFrom(r.Context()), false}
			v := outer.own(r, true)
			v.settings = configured.inside(outer.settings)
			if c.Observer == nil {
				v.pass(next, w, v.request)
				return
			}
			if v.record == nil {
				v.record = newRecord(r.Context())
			}
			returned := false
			defer func() { v.record.report(r.Context(), c.Observer, returned) }()
			v.pass(next, w, v.request)
			returned = true
		})
	}, nil
}

// configuration is the Config of one Configure.
type configuration struct {
	config    Config
	outermost *settings
	last      atomic.Pointer[mergedSettings] // a Configure mostly stands inside the same one
}

// mergedSettings are the settings inside of a Configure that stands inside another.
type mergedSettings struct{ outer, inner *settings }

// inside returns the settings inside of this Configure.
func (c *configuration) inside(outer *settings) *settings {
	if outer == defaultSettings {
		return c.outermost
	}
	if m := c.last.Load(); m != nil && m.outer == outer {
		return m.inner
	}
	m := &mergedSettings{outer, newSettings(*c.config.over(&outer.Config))}
	c.last.Store(m)
	return m.inner
}
