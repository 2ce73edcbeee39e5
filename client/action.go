package client

import "github.com/bearergate/bearergate"

// Action is the reaction of a client to a refusal. Each code of the error table has
// one; see [bearergate.Code.Action].
type Action = bearergate.Action

// The actions of the error table. Package bearergate documents them.
const (
	KeepConnection       = bearergate.KeepConnection
	FixRequest           = bearergate.FixRequest
	RestartAuthorization = bearergate.RestartAuthorization
	RefreshAndRemint     = bearergate.RefreshAndRemint
	Reauthorize          = bearergate.Reauthorize
	Reconnect            = bearergate.Reconnect
	Wait                 = bearergate.Wait
)
