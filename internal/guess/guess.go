// Package guess lets the token endpoint and LimitFailedAuthentication count failures
// by client.
package guess

import "context"

// UsedUpKey is the context key of a func(client string) error. The guard sets it.
type UsedUpKey struct{}

// UsedUp returns the error to answer with if the client's budget of failures is used
// up and the address of the request has failed before, or nil.
func UsedUp(ctx context.Context, client string) error {
	if usedUp, ok := ctx.Value(UsedUpKey{}).(func(string) error); ok && usedUp != nil { // a state without such a limit has a nil one
		return usedUp(client)
	}
	return nil
}

type clientKey struct{}

// WithClient returns a context that names the client which a failure is charged to.
// The client must be a registered one, so that there are not more budgets than
// clients.
func WithClient(ctx context.Context, client string) context.Context {
	return context.WithValue(ctx, clientKey{}, client)
}

// Client returns the client of WithClient, empty if there is none.
func Client(ctx context.Context) string {
	client, _ := ctx.Value(clientKey{}).(string)
	return client
}
