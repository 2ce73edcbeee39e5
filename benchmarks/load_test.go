package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
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
		if err != nil || rate <= 0 {
			t.Errorf("%s: got %v requests a second and the error %v, want some", protocol, rate, err)
		}
	}
}

func TestLoadGeneratorAcceptsAnEmpty200Alone(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"an empty 404":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"a 200 with text": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "text") },
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server := newServer(h)
		go server.Serve(listener)
		t.Cleanup(func() { server.Close() })
		for _, protocol := range protocolNames() {
			if rate, err := measureRate(protocol, listener.Addr().String(), "token", 50*time.Millisecond); err == nil {
				t.Errorf("%s, %s: got %v requests a second, want an error", protocol, name, rate)
			}
		}
	}
}
