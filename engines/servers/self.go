package servers

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"testing"
)

// Self is another process of this test binary. It is told by environment variables
// what to do, and listens on an address.
type Self struct {
	Process
	// Addr is its address.
	Addr string
}

// NewSelf starts another process of this test binary for one test. environment returns
// what it adds to the environment, for an address to listen on.
func NewSelf(t testing.TB, environment func(addr string) []string) *Self {
	t.Helper()
	binary, binaryErr := os.Executable()
	port, portErr := freePort()
	if binaryErr != nil || portErr != nil {
		t.Fatal(binaryErr, portErr)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	s := &Self{Process: Process{Dir: t.TempDir(), command: []string{binary}, environment: environment(addr)}, Addr: addr}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// Start starts the process and waits until it listens.
func (s *Self) Start() error {
	if err := s.Process.Start(); err != nil {
		return err
	}
	return s.awaitReady(func() error {
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			return fmt.Errorf("servers: %w", err)
		}
		return conn.Close()
	})
}
