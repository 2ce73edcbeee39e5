package chaos

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Server is a server, or a process that uses a database, that is disturbed.
type Server interface {
	Kill()
	Start() error
	Stop() error
	Continue() error
}

// Kill returns a function that waits for a random time, kills the server and starts it
// again.
func Kill(t testing.TB, server Server) func() {
	return func() {
		wait()
		server.Kill()
		time.Sleep(rand.N(100 * time.Millisecond))
		if err := server.Start(); err != nil {
			t.Errorf("starting again: got error %v, want none", err)
		}
	}
}

// KillOrStop is [Kill], but it suspends the server each third time.
func KillOrStop(t testing.TB, server Server) func() {
	kill, n := Kill(t, server), 0
	return func() {
		if n++; n%3 != 2 {
			kill()
			return
		}
		wait()
		if err := server.Stop(); err != nil {
			t.Errorf("stopping: got error %v, want none", err)
		}
		time.Sleep(rand.N(time.Second))
		if err := server.Continue(); err != nil {
			t.Errorf("continuing: got error %v, want none", err)
		}
	}
}

// wait lets the workers work.
func wait() { time.Sleep(300*time.Millisecond + rand.N(time.Second)) }

// Link is a link to a server that can be disturbed.
type Link interface {
	Cut()
	Hold()
	Slow(delay time.Duration)
	Heal()
}

// BadLink returns a function that waits for a random time and then cuts the link, lets
// it hang or slows it down, in turn, for up to a second.
func BadLink(link Link) func() {
	n := 0
	return func() {
		wait()
		switch n++; n % 3 {
		case 0:
			link.Slow(rand.N(300 * time.Millisecond))
		case 1:
			link.Cut()
		case 2:
			link.Hold()
		}
		time.Sleep(rand.N(time.Second))
		link.Heal()
	}
}
