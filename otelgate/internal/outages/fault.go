package outages

import (
	"context"
	"net"
	"os"
	"sync/atomic"
	"syscall"
)

// fault is the state of something that the API depends on.
type fault struct{ mode atomic.Int32 }

const (
	up int32 = iota
	down
	hanging
)

// call fails as a server does that is down, or waits as for one that hangs.
func (f *fault) call(ctx context.Context, address net.TCPAddr) error {
	switch f.mode.Load() {
	case down:
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &address, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case hanging:
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return nil
}

// The addresses that the log shows.
var (
	keyServerAddress = net.TCPAddr{IP: net.IPv4(10, 0, 0, 5), Port: 443}
	databaseAddress  = net.TCPAddr{IP: net.IPv4(10, 0, 0, 6), Port: 5432}
	signerAddress    = net.TCPAddr{IP: net.IPv4(10, 0, 0, 8), Port: 443}
	redisAddress     = net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 6379}
)
