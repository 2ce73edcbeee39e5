package bearergatetest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// TestTokenStore tests that a store of codes and refresh tokens keeps what
// [tokenendpoint.Store] promises, under concurrent use and under cancelled
// contexts too. newStore returns an empty store; times need to be kept to the
// microsecond.
func TestTokenStore(t *testing.T, newStore func(t *testing.T) tokenendpoint.Store) {
	for _, test := range []struct {
		name string
		run  func(*storeTest)
	}{
		{"keeps what it is given", (*storeTest).keeps},
		{"consumes a code once", (*storeTest).consumesOnce},
		{"rotates a refresh token once", (*storeTest).rotatesOnce},
		{"tells what has expired", (*storeTest).tellsExpired},
		{"revokes a family", (*storeTest).revokesFamily},
		{"revokes a grant", (*storeTest).revokesGrant},
		{"leaves nothing living behind a revocation", (*storeTest).revokesForGood},
		{"does a thing wholly or not at all", (*storeTest).isAtomic},
		{"survives answers that get lost", (*storeTest).survivesLostAnswers},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(&storeTest{T: t, store: newStore(t), ctx: t.Context(), now: time.Now().Truncate(time.Second)})
		})
	}
}

type storeTest struct {
	*testing.T
	store tokenendpoint.Store
	ctx   context.Context
	now   time.Time
	sums  int
}

const storeRacers = 100

func (t *storeTest) sum() tokenendpoint.Sum {
	t.sums++
	return sha256.Sum256(fmt.Append(nil, t.Name(), t.sums))
}

func (t *storeTest) authorization(family string) tokenendpoint.Authorization {
	return tokenendpoint.Authorization{ClientID: DefaultClientID, GrantID: DefaultGrantID, Subject: DefaultSubject, Scopes: []string{"a", "b"}, Family: family}
}

func (t *storeTest) code(family string) tokenendpoint.Code {
	return tokenendpoint.Code{Authorization: t.authorization(family), RedirectURI: "https://app.example/?a=b", Challenge: "challenge", ExpiresAt: t.now.Add(time.Hour)}
}

func (t *storeTest) token(family string) *tokenendpoint.NewRefreshToken {
	return &tokenendpoint.NewRefreshToken{
		Sum: t.sum(), RefreshToken: tokenendpoint.RefreshToken{Authorization: t.authorization(family), ExpiresAt: t.now.Add(time.Hour)},
	}
}

func (t *storeTest) check(err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begin keeps a code, has it used, and returns it and the first token of its
// family.
func (t *storeTest) begin(family string) (tokenendpoint.Sum, *tokenendpoint.NewRefreshToken) {
	t.Helper()
	sum, first := t.sum(), t.token(family)
	t.check(t.store.SaveCode(t.ctx, sum, t.code(family)))
	outcome, err := t.store.Consume(t.ctx, sum, t.now, first)
	t.check(err)
	if outcome != tokenendpoint.Fresh {
		t.Fatalf("a new code is %v, want Fresh", outcome)
	}
	return sum, first
}

func (t *storeTest) hasToken(sum tokenendpoint.Sum, want bool) tokenendpoint.RefreshToken {
	t.Helper()
	token, found, err := t.store.RefreshToken(t.ctx, sum)
	t.check(err)
	if found != want {
		t.Errorf("a refresh token is there: %v, want %v", found, want)
	}
	return token
}

func (t *storeTest) keeps() {
	sum, want := t.sum(), t.code("family")
	given := want
	given.Scopes = []string{"a", "b"}
	t.check(t.store.SaveCode(t.ctx, sum, given))
	given.Scopes[0] = "changed by the caller"
	for range 2 {
		got, found, err := t.store.Code(t.ctx, sum)
		t.check(err)
		if got.ExpiresAt.Equal(want.ExpiresAt) {
			got.ExpiresAt = want.ExpiresAt // in whatever location
		}
		if !found || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		got.Scopes[1] = "changed by a reader"
	}
	_, first := t.begin("another")
	got := t.hasToken(first.Sum, true)
	if got.ExpiresAt.Equal(first.ExpiresAt) {
		got.ExpiresAt = first.ExpiresAt
	}
	if !reflect.DeepEqual(got, first.RefreshToken) {
		t.Errorf("got %+v, want %+v", got, first.RefreshToken)
	}
	if _, found, err := t.store.Code(t.ctx, t.sum()); found || err != nil {
		t.Errorf("an unknown code: %v, %v", found, err)
	}
	t.hasToken(t.sum(), false)
	outcome, err := t.store.Consume(t.ctx, t.sum(), t.now, nil)
	_, rotated, rotateErr := t.store.Rotate(t.ctx, t.sum(), t.now, [32]byte{}, *t.token("x"))
	if outcome != tokenendpoint.Unknown || err != nil || rotated != tokenendpoint.Unknown || rotateErr != nil {
		t.Errorf("what is not there is %v, %v and %v, %v", outcome, err, rotated, rotateErr)
	}
	without := t.sum()
	t.check(t.store.SaveCode(t.ctx, without, t.code("without")))
	if outcome, err := t.store.Consume(t.ctx, without, t.now, nil); outcome != tokenendpoint.Fresh || err != nil {
		t.Errorf("without a refresh token: %v, %v", outcome, err)
	}
}

func (t *storeTest) consumesOnce() {
	sum := t.sum()
	t.check(t.store.SaveCode(t.ctx, sum, t.code("family")))
	firsts := make([]*tokenendpoint.NewRefreshToken, storeRacers)
	for i := range firsts {
		firsts[i] = t.token("family")
	}
	outcomes := race(t, func(i int) (tokenendpoint.Outcome, error) { return t.store.Consume(t.ctx, sum, t.now, firsts[i]) })
	t.oneFresh(outcomes, func(i int) tokenendpoint.Sum { return firsts[i].Sum })
	code, found, err := t.store.Code(t.ctx, sum)
	t.check(err)
	if !found || !code.Used {
		t.Errorf("a code that was consumed is there: %v, used: %v", found, code.Used)
	}
}

func (t *storeTest) rotatesOnce() {
	_, first := t.begin("family")
	successors, sealed, rotated := make([]*tokenendpoint.NewRefreshToken, storeRacers), make([][32]byte, storeRacers), make([]tokenendpoint.RefreshToken, storeRacers)
	for i := range successors {
		successors[i], sealed[i] = t.token("family"), t.sum()
	}
	outcomes := race(t, func(i int) (outcome tokenendpoint.Outcome, err error) {
		rotated[i], outcome, err = t.store.Rotate(t.ctx, first.Sum, t.now, sealed[i], *successors[i])
		return outcome, err
	})
	winner := t.oneFresh(outcomes, func(i int) tokenendpoint.Sum { return successors[i].Sum })
	retired := append(rotated[:winner:winner], rotated[winner+1:]...)
	for _, token := range append(retired, t.hasToken(first.Sum, true)) {
		if !token.RetiredAt.Equal(t.now) || token.Successor != sealed[winner] || token.Family != "family" {
			t.Fatalf("a token that was rotated is %+v, want it retired at %v with the successor of the first call", token, t.now)
		}
	}
	if living := t.hasToken(successors[winner].Sum, true); !living.RetiredAt.IsZero() {
		t.Errorf("the successor is retired")
	}
}

func race(t *storeTest, do func(i int) (tokenendpoint.Outcome, error)) []tokenendpoint.Outcome {
	t.Helper()
	outcomes := make([]tokenendpoint.Outcome, storeRacers)
	var racers sync.WaitGroup
	start := make(chan struct{})
	for i := range outcomes {
		racers.Go(func() {
			<-start
			var err error
			if outcomes[i], err = do(i); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	racers.Wait()
	return outcomes
}

// oneFresh returns who was first, and shows that all others came to nothing.
func (t *storeTest) oneFresh(outcomes []tokenendpoint.Outcome, added func(i int) tokenendpoint.Sum) int {
	t.Helper()
	winner := -1
	for i, outcome := range outcomes {
		switch {
		case outcome == tokenendpoint.Fresh && winner < 0:
			winner = i
		case outcome != tokenendpoint.Used:
			t.Fatalf("got %v, want one Fresh and the others Used", outcomes)
		}
	}
	if winner < 0 {
		t.Fatalf("none was Fresh: %v", outcomes)
	}
	for i := range outcomes {
		t.hasToken(added(i), i == winner)
	}
	return winner
}

func (t *storeTest) tellsExpired() {
	sum, first := t.sum(), t.token("family")
	code := t.code("family")
	t.check(t.store.SaveCode(t.ctx, sum, code))
	if outcome, err := t.store.Consume(t.ctx, sum, code.ExpiresAt, first); outcome != tokenendpoint.Expired || err != nil {
		t.Errorf("a code at its end is %v, %v, want Expired", outcome, err)
	}
	t.hasToken(first.Sum, false)
	if outcome, err := t.store.Consume(t.ctx, sum, code.ExpiresAt.Add(-time.Second), first); outcome != tokenendpoint.Fresh || err != nil {
		t.Errorf("a code before its end is %v, %v, want Fresh", outcome, err)
	}
	successor := t.token("family")
	if _, outcome, err := t.store.Rotate(t.ctx, first.Sum, first.ExpiresAt, [32]byte{}, *successor); outcome != tokenendpoint.Expired || err != nil {
		t.Errorf("a refresh token at its end is %v, %v, want Expired", outcome, err)
	}
	t.hasToken(successor.Sum, false)
	if living := t.hasToken(first.Sum, true); !living.RetiredAt.IsZero() {
		t.Error("it was retired")
	}
}

func (t *storeTest) rotate(token tokenendpoint.Sum, family string) *tokenendpoint.NewRefreshToken {
	t.Helper()
	successor := t.token(family)
	_, outcome, err := t.store.Rotate(t.ctx, token, t.now, [32]byte{1}, *successor)
	t.check(err)
	if outcome != tokenendpoint.Fresh {
		t.Fatalf("a living token is %v, want Fresh", outcome)
	}
	return successor
}

func (t *storeTest) revokesFamily() {
	code, first := t.begin("family")
	second := t.rotate(first.Sum, "family")
	_, other := t.begin("other")
	for range 2 {
		t.check(t.store.RevokeFamily(t.ctx, "family"))
	}
	t.check(t.store.RevokeFamily(t.ctx, "unknown"))
	t.hasToken(first.Sum, false)
	t.hasToken(second.Sum, false)
	t.hasToken(other.Sum, true)
	if _, outcome, err := t.store.Rotate(t.ctx, second.Sum, t.now, [32]byte{}, *t.token("family")); outcome != tokenendpoint.Unknown || err != nil {
		t.Errorf("a revoked token is %v, %v, want Unknown", outcome, err)
	}
	if outcome, err := t.store.Consume(t.ctx, code, t.now, t.token("family")); outcome == tokenendpoint.Fresh || err != nil {
		t.Errorf("the code of a revoked family is %v, %v", outcome, err)
	}
}

func (t *storeTest) revokesGrant() {
	_, first := t.begin("family")
	second := t.rotate(first.Sum, "family")
	waiting, others := t.sum(), t.sum()
	t.check(t.store.SaveCode(t.ctx, waiting, t.code("waiting")))
	code := t.code("others")
	code.GrantID = "another grant"
	t.check(t.store.SaveCode(t.ctx, others, code))
	othersToken := t.token("others")
	othersToken.GrantID = code.GrantID

	t.check(t.store.RevokeGrant(t.ctx, DefaultGrantID))
	t.hasToken(first.Sum, false)
	t.hasToken(second.Sum, false)
	if outcome, err := t.store.Consume(t.ctx, waiting, t.now, t.token("waiting")); outcome != tokenendpoint.Unknown || err != nil {
		t.Errorf("a code of the grant is %v, %v, want Unknown", outcome, err)
	}
	if outcome, err := t.store.Consume(t.ctx, others, t.now, othersToken); outcome != tokenendpoint.Fresh || err != nil {
		t.Errorf("a code of another grant is %v, %v, want Fresh", outcome, err)
	}
	t.hasToken(othersToken.Sum, true)
	again, againFirst := t.sum(), t.token("again")
	t.check(t.store.SaveCode(t.ctx, again, t.code("again")))
	if outcome, err := t.store.Consume(t.ctx, again, t.now, againFirst); outcome != tokenendpoint.Fresh || err != nil {
		t.Errorf("a code that came after the revocation is %v, %v, want Fresh", outcome, err)
	}
}

// revokesForGood has codes used and tokens rotated while they are revoked.
func (t *storeTest) revokesForGood() {
	for n := range 50 {
		family := fmt.Sprint("family-", n)
		_, first := t.begin(family)
		code, codesFirst := t.sum(), t.token(family+"-code")
		t.check(t.store.SaveCode(t.ctx, code, t.code(family+"-code")))
		successor := t.token(family)
		var racers sync.WaitGroup
		racers.Go(func() { t.store.Rotate(t.ctx, first.Sum, t.now, [32]byte{}, *successor) })
		racers.Go(func() { t.store.Consume(t.ctx, code, t.now, codesFirst) })
		racers.Go(func() {
			revoke := func() error { return t.store.RevokeGrant(t.ctx, DefaultGrantID) }
			if n%2 == 0 {
				revoke = func() error { return t.store.RevokeFamily(t.ctx, family) }
			}
			if err := revoke(); err != nil {
				t.Error(err)
			}
		})
		racers.Wait()
		t.hasToken(first.Sum, false)
		t.hasToken(successor.Sum, false)
		if n%2 == 1 {
			t.hasToken(codesFirst.Sum, false)
		}
	}
}

// isAtomic cancels calls somewhere in their middle.
func (t *storeTest) isAtomic() {
	for n := range 50 {
		family := fmt.Sprint("family-", n)
		code, first, successor := t.sum(), t.token(family), t.token(family)
		t.check(t.store.SaveCode(t.ctx, code, t.code(family)))
		ctx, cancel := context.WithTimeout(t.ctx, time.Duration(n)*5*time.Microsecond)
		outcome, err := t.store.Consume(ctx, code, t.now, first)
		used, _, findErr := t.store.Code(t.ctx, code)
		t.check(findErr)
		if token := t.hasToken(first.Sum, used.Used); err == nil && (outcome != tokenendpoint.Fresh || !used.Used) {
			t.Errorf("a cancelled Consume is %v without an error, and left %+v and %+v", outcome, used, token)
		}
		if used.Used {
			_, outcome, err := t.store.Rotate(ctx, first.Sum, t.now, [32]byte{}, *successor)
			retired := !t.hasToken(first.Sum, true).RetiredAt.IsZero()
			t.hasToken(successor.Sum, retired)
			if err == nil && (outcome != tokenendpoint.Fresh || !retired) {
				t.Errorf("a cancelled Rotate is %v without an error", outcome)
			}
		}
		cancel()
	}
}

// lossy fails after it has done its work.
type lossy struct {
	tokenendpoint.Store
	loses bool
}

var errLost = errors.New("the answer of the store got lost")

func (l *lossy) Consume(ctx context.Context, code tokenendpoint.Sum, at time.Time, first *tokenendpoint.NewRefreshToken) (tokenendpoint.Outcome, error) {
	outcome, err := l.Store.Consume(ctx, code, at, first)
	if l.loses {
		return outcome, errLost
	}
	return outcome, err
}

func (l *lossy) Rotate(ctx context.Context, token tokenendpoint.Sum, at time.Time, sealed [32]byte, successor tokenendpoint.NewRefreshToken) (tokenendpoint.RefreshToken, tokenendpoint.Outcome, error) {
	rotated, outcome, err := l.Store.Rotate(ctx, token, at, sealed, successor)
	if l.loses {
		return rotated, outcome, errLost
	}
	return rotated, outcome, err
}

type anyClient struct{}

func (anyClient) Client(_ context.Context, id string) (tokenendpoint.Client, error) {
	return tokenendpoint.Client{ID: id, Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum("secret")}, RedirectURIs: []string{"https://app.example/"}}, nil
}

// survivesLostAnswers puts an endpoint over the store: a refresh that got lost is
// repeated, and a code that got lost is used.
func (t *storeTest) survivesLostAnswers() {
	store := &lossy{Store: t.store}
	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
		Clients: anyClient{}, Store: store,
		Issue: func(context.Context, tokenendpoint.Authorization) (tokenendpoint.AccessToken, error) {
			return tokenendpoint.AccessToken{Token: "access", ExpiresIn: time.Hour}, nil
		},
	})
	t.check(err)
	code, err := endpoint.NewCode(t.ctx, tokenendpoint.CodeRequest{Authorization: t.authorization("")})
	t.check(err)
	ask := func(loses bool, form url.Values, wantStatus int) (refreshToken string) {
		t.Helper()
		store.loses = loses
		r := httptest.NewRequest("POST", "/token", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(DefaultClientID, "secret")
		rec := httptest.NewRecorder()
		endpoint.ServeHTTP(rec, r)
		if rec.Code != wantStatus {
			t.Errorf("%s answered %d %s, want %d", form.Get("grant_type"), rec.Code, rec.Body, wantStatus)
		}
		var tokens struct {
			RefreshToken string `json:"refresh_token"`
		}
		json.Unmarshal(rec.Body.Bytes(), &tokens)
		return tokens.RefreshToken
	}
	exchange := func(code string) url.Values { return url.Values{"grant_type": {"authorization_code"}, "code": {code}} }
	refresh := func(token string) url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	}
	first := ask(false, exchange(code), http.StatusOK)
	ask(true, refresh(first), http.StatusServiceUnavailable)
	second := ask(false, refresh(first), http.StatusOK)
	ask(false, refresh(second), http.StatusOK)

	lost, err := endpoint.NewCode(t.ctx, tokenendpoint.CodeRequest{Authorization: t.authorization("")})
	t.check(err)
	ask(true, exchange(lost), http.StatusServiceUnavailable)
	ask(false, exchange(lost), http.StatusUnauthorized)
	ask(false, exchange(lost), http.StatusUnauthorized)
}
