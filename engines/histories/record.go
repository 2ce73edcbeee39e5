package histories

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/bearergate/bearergate/engines/records"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// recorder makes the calls of one grant and records them.
type recorder struct {
	began time.Time
	grant int
	id    string
	codes [2]tokenendpoint.Sum

	mu      sync.Mutex
	history []porcupine.Operation
}

func newRecorder(began time.Time, grant int) *recorder {
	codes := [2]tokenendpoint.Sum{records.NewSum(), records.NewSum()}
	return &recorder{began: began, grant: grant, id: fmt.Sprintf("grant-%x", codes[0][:8]), codes: codes}
}

func (r *recorder) family(which int) tokenendpoint.Family {
	return records.NewFamily(r.id, fmt.Sprint(r.id, "-", which))
}

// do makes a call and records it. A read without an answer says nothing.
func (r *recorder) do(ctx context.Context, store tokenendpoint.Store, client int, in input) output {
	in.grant = r.grant
	begin := time.Since(r.began)
	out, err := r.call(ctx, store, &in)
	end := int64(time.Since(r.began))
	if err != nil {
		out, end = output{lost: true}, math.MaxInt64
	}
	if !out.lost || in.call != code && in.call != family {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.history = append(r.history, porcupine.Operation{ClientId: client, Input: in, Call: int64(begin), Output: out, Return: end})
	}
	return out
}

// call makes a call, and sets the token that it stores.
func (r *recorder) call(ctx context.Context, store tokenendpoint.Store, in *input) (out output, err error) {
	switch in.call {
	case saveCode:
		return out, store.SaveCode(ctx, r.codes[in.which], records.NewCode(r.id))
	case code:
		var c tokenendpoint.AuthorizationCode
		c, out.found, err = store.Code(ctx, r.codes[in.which])
		out.used = c.Used
	case consume:
		first := r.family(in.which)
		in.token = first.Token
		out.outcome, err = store.Consume(ctx, r.codes[in.which], time.Now(), first)
	case family:
		var f tokenendpoint.Family
		f, out.found, err = store.Family(ctx, r.family(in.which).FamilyID)
		out.version, out.token = f.Version, f.Token
	case replaceFamily:
		next := r.family(in.which)
		next.Version = in.version
		in.token = next.Token
		out.ok, err = store.ReplaceFamily(ctx, next)
	case revokeGrant:
		err = store.RevokeGrant(ctx, r.id)
	}
	return out, err
}
