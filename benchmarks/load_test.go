package main

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"time"
)

// serving starts a stack's server and returns its address and a good token.
func serving(t *testing.T, name string) (address, token string) {
	t.Helper()
	stdin, end := io.Pipe()
	read, stdout := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- serveStack(name, stdin, stdout) }()
	t.Cleanup(func() {
		end.Close()
		if err := <-served; err != nil {
			t.Errorf("got the error %v of the server, want none", err)
		}
	})
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address, token, _ = strings.Cut(strings.TrimSpace(line), "#")
	return address, token
}

func TestLoadGeneratorCountsGoodAnswersOfEachProtocol(t *testing.T) {
	address, token := serving(t, ours)
	for _, protocol := range protocolNames() {
		rate, err := measureRate(protocol, address, token, 50*time.Millisecond)
		if err != nil || rate < 100 {
			t.Errorf("%s: got %v requests a second and the error %v, want 100 at least", protocol, rate, err)
		}
	}
}

func TestLoadGeneratorFailsIfARequestIsRefused(t *testing.T) {
	address, token := serving(t, tokenOnly)
	for _, protocol := range protocolNames() {
		if rate, err := measureRate(protocol, address, token+"x", 50*time.Millisecond); err == nil {
			t.Errorf("%s: got %v requests a second with a bad token, want an error", protocol, rate)
		}
	}
}
