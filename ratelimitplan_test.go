package bearergate_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// plans is a PlanFunc by the raw claim "plan".
func plans(limiters map[string]*bearergate.MemoryLimiter) bearergate.PlanFunc {
	return func(r *http.Request) (bearergate.Limiter, error) {
		token, _ := bearergate.TokenFrom(r.Context())
		var claims struct {
			Plan string `json:"plan"`
		}
		if err := token.Decode(&claims); err != nil {
			return nil, err
		}
		return limiters[claims.Plan], nil
	}
}

func onPlan(plan, installation string) *http.Request {
	c := ofInstallation(installation)
	c.Raw = fmt.Sprintf(`{"plan":%q}`, plan)
	return as(c)
}

// Rules: S6.41.
func TestPlansHaveTheirOwnBudgets(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, 1), bearergate.WithPlan(plans(map[string]*bearergate.MemoryLimiter{
		"pro": perWindow(t, 3, time.Minute), "hourly": perWindow(t, 3, time.Hour), "max": perWindow(t, 5, time.Hour),
	})))
	for _, c := range []struct {
		plan, policy string
		requests     int
	}{
		{"pro", `"installation";q=3;w=60`, 3},
		{"hourly", `"installation";q=3;w=3600`, 3}, // as many, in another window
		{"max", `"installation";q=5;w=3600`, 5},
		{"unknown", `"installation";q=1;w=60`, 1}, // the limiter that RateLimit was given
	} {
		t.Run(c.plan, func(t *testing.T) {
			for i := range c.requests {
				got := serve(guard, onPlan(c.plan, c.plan))
				if got.Status != 200 || got.Header.Get("RateLimit-Policy") != c.policy {
					t.Errorf("request %d: got %d and RateLimit-Policy %q, want 200 and %q", i, got.Status, got.Header.Get("RateLimit-Policy"), c.policy)
				}
			}
			got := refuses(t, guard, onPlan(c.plan, c.plan), bearergate.ErrRateLimited)
			if policy := got.Header.Get("RateLimit-Policy"); policy != c.policy {
				t.Errorf("got RateLimit-Policy %q, want %q", policy, c.policy)
			}
			wait, err := strconv.Atoi(got.Header.Get("Retry-After"))
			if limit := got.Header.Get("RateLimit"); err != nil || !strings.HasSuffix(limit, fmt.Sprintf(";r=0;t=%d", wait)) {
				t.Errorf("got RateLimit %q and Retry-After %d, want them to agree", limit, wait)
			}
			passes(t, guard, onPlan(c.plan, "another of "+c.plan))
		})
	}
}

// Rules: S6.19, S6.41.
func TestConcurrentPlansDoNotMix(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, 1), bearergate.WithPlan(plans(map[string]*bearergate.MemoryLimiter{
		"pro": perWindow(t, 50, time.Minute), "max": perWindow(t, 70, time.Hour),
	})))
	policies := map[string]string{"pro": `"installation";q=50;w=60`, "max": `"installation";q=70;w=3600`}
	var passed [2]atomic.Int64
	var wg sync.WaitGroup
	for i, plan := range []string{"pro", "max"} {
		for range 100 {
			wg.Go(func() {
				got := serve(guard, onPlan(plan, plan))
				if policy := got.Header.Get("RateLimit-Policy"); policy != policies[plan] {
					t.Errorf("%s: got RateLimit-Policy %q, want %q", plan, policy, policies[plan])
				}
				if got.Status == 200 {
					passed[i].Add(1)
				}
			})
		}
	}
	wg.Wait()
	if passed[0].Load() != 50 || passed[1].Load() != 70 {
		t.Errorf("%d and %d passed, want 50 and 70", passed[0].Load(), passed[1].Load())
	}
}

// Rules: S6.41.
func TestPlanFuncsErrorSetsTheAnswer(t *testing.T) {
	for want, err := range map[bearergate.Code]error{
		bearergate.ErrTemporarilyUnavailable: errInner,
		bearergate.ErrForbidden:              fmt.Errorf("no plan: %w", bearergate.ErrForbidden),
	} {
		for _, l := range []bearergate.Limiter{nil, budgetOf(t, 1)} {
			refuses(t, bearergate.RateLimit(budgetOf(t, 1), bearergate.WithFallback(budgetOf(t, 1)),
				bearergate.WithPlan(func(*http.Request) (bearergate.Limiter, error) { return l, err })),
				as(bearergatetest.InstallationClaims()), want)
		}
	}
}

// Rules: S6.16, S6.17, S6.41.
func TestFallbackIsForAllPlans(t *testing.T) {
	broken := func(*http.Request) (bearergate.Limiter, error) { return brokenLimiter(), nil }
	refuses(t, bearergate.RateLimit(budgetOf(t, 1), bearergate.WithPlan(broken)), as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
	guard := bearergate.RateLimit(budgetOf(t, 9), bearergate.WithPlan(broken), bearergate.WithFallback(budgetOf(t, 1)))
	passes(t, guard, as(bearergatetest.InstallationClaims()))
	got := refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrRateLimited)
	if want := `"installation";q=1;w=60`; got.Header.Get("RateLimit-Policy") != want {
		t.Errorf("got %q, want the fallback's %q", got.Header.Get("RateLimit-Policy"), want)
	}
}

// Rules: S6.7, S6.41.
func TestPlanAndKeyCompose(t *testing.T) {
	var asked []string
	limiter := bearergate.LimiterFunc(func(_ context.Context, key string) (bearergate.Quota, error) {
		asked = append(asked, key)
		return bearergate.Quota{Limit: 7, Allowed: true}, nil
	})
	guard := bearergate.RateLimit(brokenLimiter(), bearergate.WithKey("user", bearergate.UserKey),
		bearergate.WithPlan(func(*http.Request) (bearergate.Limiter, error) { return limiter, nil }))
	got := serve(guard, as(of("iss", "alice", "app", "acme")))
	if want := `"user";q=7`; got.Status != 200 || got.Header.Get("RateLimit-Policy") != want {
		t.Errorf("got %d and RateLimit-Policy %q, want 200 and %q", got.Status, got.Header.Get("RateLimit-Policy"), want)
	}
	if len(asked) != 1 || asked[0] != "key:4:user:3:iss:alice" {
		t.Errorf("got keys %q, want that of the user", asked)
	}
}

func TestPlanFuncThatPanicsPropagates(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, 1), bearergate.WithPlan(func(*http.Request) (bearergate.Limiter, error) { panic("plan") }))
	if got := panics(t, func() { serve(guard, as(bearergatetest.InstallationClaims())) }); got != "plan" {
		t.Errorf("got panic %v, want that of the function", got)
	}
}
