package chaos

import (
	"context"
	"net"
	"net/rpc"
	"sync"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// Serve serves a store to a [Remote] until the process is killed.
func Serve(addr string, store tokenendpoint.Store) error {
	server := rpc.NewServer()
	if err := server.RegisterName("Store", &service{store}); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server.Accept(listener)
	return nil
}

// Arguments are those of any method of a store.
type Arguments struct {
	Sum    tokenendpoint.Sum
	Code   tokenendpoint.AuthorizationCode
	At     time.Time
	Family tokenendpoint.Family
	ID     string
}

// Answer is what any method of a store returns but its error.
type Answer struct {
	Code    tokenendpoint.AuthorizationCode
	Outcome tokenendpoint.Outcome
	Family  tokenendpoint.Family
	OK      bool
}

// service has the methods of a store in the form that net/rpc calls.
type service struct{ store tokenendpoint.Store }

func (s *service) SaveCode(in Arguments, _ *Answer) error {
	ctx, cancel := bounded()
	defer cancel()
	return s.store.SaveCode(ctx, in.Sum, in.Code)
}

func (s *service) Code(in Arguments, out *Answer) (err error) {
	ctx, cancel := bounded()
	defer cancel()
	out.Code, out.OK, err = s.store.Code(ctx, in.Sum)
	return err
}

func (s *service) Consume(in Arguments, out *Answer) (err error) {
	ctx, cancel := bounded()
	defer cancel()
	out.Outcome, err = s.store.Consume(ctx, in.Sum, in.At, in.Family)
	return err
}

func (s *service) Family(in Arguments, out *Answer) (err error) {
	ctx, cancel := bounded()
	defer cancel()
	out.Family, out.OK, err = s.store.Family(ctx, in.ID)
	return err
}

func (s *service) ReplaceFamily(in Arguments, out *Answer) (err error) {
	ctx, cancel := bounded()
	defer cancel()
	out.OK, err = s.store.ReplaceFamily(ctx, in.Family)
	return err
}

func (s *service) RevokeGrant(in Arguments, _ *Answer) error {
	ctx, cancel := bounded()
	defer cancel()
	return s.store.RevokeGrant(ctx, in.ID)
}

func bounded() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), deadline)
}

// Remote is a [tokenendpoint.Store] in another process, which may be killed and
// started again.
type Remote struct {
	addr string

	mu     sync.Mutex
	client *rpc.Client
}

// NewRemote returns the store that the process with this address serves.
func NewRemote(addr string) *Remote { return &Remote{addr: addr} }

var _ tokenendpoint.Store = (*Remote)(nil)

func (r *Remote) connected() (*rpc.Client, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client != nil {
		return r.client, nil
	}
	conn, err := net.DialTimeout("tcp", r.addr, deadline/2)
	if err != nil {
		return nil, err
	}
	r.client = rpc.NewClient(conn)
	return r.client, nil
}

// forget has the next call connect again, if that client is still in use.
func (r *Remote) forget(client *rpc.Client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client == client {
		r.client = nil
		client.Close()
	}
}

func (r *Remote) call(ctx context.Context, method string, in Arguments) (out Answer, err error) {
	client, err := r.connected()
	if err != nil {
		return out, err
	}
	call := client.Go("Store."+method, in, new(Answer), make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
	case <-ctx.Done():
		return out, context.Cause(ctx)
	}
	if _, answered := call.Error.(rpc.ServerError); call.Error != nil && !answered {
		r.forget(client)
	}
	return *call.Reply.(*Answer), call.Error
}

// SaveCode implements [tokenendpoint.Store].
func (r *Remote) SaveCode(ctx context.Context, sum tokenendpoint.Sum, code tokenendpoint.AuthorizationCode) error {
	_, err := r.call(ctx, "SaveCode", Arguments{Sum: sum, Code: code})
	return err
}

// Code implements [tokenendpoint.Store].
func (r *Remote) Code(ctx context.Context, sum tokenendpoint.Sum) (tokenendpoint.AuthorizationCode, bool, error) {
	out, err := r.call(ctx, "Code", Arguments{Sum: sum})
	return out.Code, out.OK, err
}

// Consume implements [tokenendpoint.Store].
func (r *Remote) Consume(ctx context.Context, code tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (tokenendpoint.Outcome, error) {
	out, err := r.call(ctx, "Consume", Arguments{Sum: code, At: at, Family: first})
	return out.Outcome, err
}

// Family implements [tokenendpoint.Store].
func (r *Remote) Family(ctx context.Context, id string) (tokenendpoint.Family, bool, error) {
	out, err := r.call(ctx, "Family", Arguments{ID: id})
	return out.Family, out.OK, err
}

// ReplaceFamily implements [tokenendpoint.Store].
func (r *Remote) ReplaceFamily(ctx context.Context, f tokenendpoint.Family) (bool, error) {
	out, err := r.call(ctx, "ReplaceFamily", Arguments{Family: f})
	return out.OK, err
}

// RevokeGrant implements [tokenendpoint.Store].
func (r *Remote) RevokeGrant(ctx context.Context, grantID string) error {
	_, err := r.call(ctx, "RevokeGrant", Arguments{ID: grantID})
	return err
}
