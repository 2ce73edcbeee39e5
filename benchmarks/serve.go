package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
)

// serveStack serves a stack over HTTP/1.1 and h2c until stdin ends. It prints its
// address and a good token.
func serveStack(name string, stdin io.Reader, stdout io.Writer) error {
	s := newSigner("RS256")
	h, err := stackOf(name, s)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := newServer(h)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(stdout, "%s#%s\n", listener.Addr(), s.token(0))
	io.Copy(io.Discard, stdin)
	server.Close()
	if err := <-served; err != http.ErrServerClosed {
		return err
	}
	return nil
}

func newServer(h http.Handler) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /orgs/{org}/projects", h)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{Handler: mux, Protocols: protocols}
}

func stackOf(name string, s signer) (http.Handler, error) {
	if name == bareHandler {
		return handled, nil
	}
	i := slices.IndexFunc(stacks, func(st stack) bool { return st.name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no stack %q", name)
	}
	return stacks[i].guard(s), nil
}
