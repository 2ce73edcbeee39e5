package client

import "github.com/bearergate/bearergate"

// Action is what a client does about an answer. Each code of the error table has
// one: see [bearergate.Code.Action].
type Action = bearergate.Action

// The actions, as the error table has them.
const (
	KeepConnection       = bearergate.KeepConnection
	FixRequest           = bearergate.FixRequest
	RestartAuthorization = bearergate.RestartAuthorization
	RefreshAndRemint     = bearergate.RefreshAndRemint
	Reauthorize          = bearergate.Reauthorize
	Reconnect            = bearergate.Reconnect
	Wait                 = bearergate.Wait
)
