package client_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

// withRenewals returns a transport of s, and a function that returns the renewals
// since its last call.
func withRenewals(t *testing.T, s *service) (*client.Transport, func() []client.Renewal) {
	var renewals []client.Renewal
	transport := s.transport(t, func(c *client.Config) {
		c.Renewed = func(r client.Renewal) { s.locked(func() { renewals = append(renewals, r) }) }
	})
	return transport, func() (since []client.Renewal) {
		synctest.Wait()
		s.locked(func() { since, renewals = renewals, nil })
		return since
	}
}

func TestEachRenewalIsReportedOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport, renewals := withRenewals(t, s)
		together(100, func() { wantOK(t, transport) })
		wantRenewal(t, renewals(), nil, 2*time.Millisecond) // a refresh and a mint

		wantOK(t, transport)
		if got := renewals(); len(got) != 0 {
			t.Errorf("with a token that lives: got %v, want no renewal", got)
		}

		time.Sleep(2 * time.Hour)
		s.always(refresh, refuse(bearergate.ErrServerError))
		get(transport)
		wantRenewal(t, renewals(), bearergate.ErrServerError, time.Millisecond)

		time.Sleep(time.Hour)
		s.next(refresh)
		s.revoke()
		get(transport)
		wantRenewal(t, renewals(), bearergate.ErrInvalidGrant, time.Millisecond)

		time.Sleep(time.Hour)
		get(transport)
		if got := renewals(); len(got) != 0 {
			t.Errorf("of a dead connection: got %v, want no renewal", got)
		}
	})
}

func wantRenewal(t *testing.T, got []client.Renewal, err error, least time.Duration) {
	t.Helper()
	if len(got) != 1 || !errors.Is(got[0].Err, err) || got[0].Duration < least || got[0].Duration > time.Minute {
		t.Errorf("got renewals %v, want one with the error %v that took %v or more", got, err, least)
	}
}

// Rules: S8.39.
func TestRenewalReportThatPanicsOrHangsHoldsNothingUp(t *testing.T) {
	for name, report := range map[string]func(client.Renewal){
		"panics": func(client.Renewal) { panic("no metrics") },
		"hangs":  func(client.Renewal) { time.Sleep(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.transport(t, func(c *client.Config) { c.Renewed = report })
				wantTookUpTo(t, 0, time.Second, func() { wantOK(t, transport) })
			})
		})
	}
}
