package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
)

// path is the route of every request.
const path = "/orgs/" + organization + "/projects"

// openHTTP1 returns an exchange of HTTP/1.1. It accepts an empty answer of 200 alone.
func openHTTP1(conn net.Conn, host, token string) (func() error, error) {
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + token + "\r\n\r\n")
	r := bufio.NewReader(conn)
	return func() error {
		if _, err := conn.Write(request); err != nil {
			return err
		}
		return readHTTP1(r)
	}, nil
}

func readHTTP1(r *bufio.Reader) error {
	status, err := r.ReadString('\n')
	if err == nil && !strings.HasPrefix(status, "HTTP/1.1 200 ") {
		return fmt.Errorf("the server answered %q", status)
	}
	for empty := false; err == nil; {
		var line []byte
		switch line, err = r.ReadSlice('\n'); string(line) {
		case "Content-Length: 0\r\n":
			empty = true
		case "\r\n":
			if !empty {
				return fmt.Errorf("the server answered with a body")
			}
			return nil
		}
	}
	return err
}
