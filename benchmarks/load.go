package main

import (
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// protocols open a connection. What they return sends a request and reads its answer,
// and does nothing else, so that the server is slower than the load generator.
var protocols = map[string]func(conn net.Conn, host, token string) (exchange func() error, err error){
	"HTTP/1.1": openHTTP1,
	"h2c":      openHTTP2,
}

func protocolNames() []string { return slices.Sorted(maps.Keys(protocols)) }

// generateLoad reads an address and a token, and prints how many requests a second are
// answered there.
func generateLoad(protocol string, stdin io.Reader, stdout io.Writer) error {
	text, err := io.ReadAll(stdin)
	if err != nil {
		return err
	}
	address, token, _ := strings.Cut(string(text), "#")
	rate, err := measureRate(protocol, address, token, loadTime)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, rate)
	return err
}

func measureRate(protocol, address, token string, d time.Duration) (float64, error) {
	open, ok := protocols[protocol]
	if !ok {
		return 0, fmt.Errorf("there is no protocol %q", protocol)
	}
	exchanges := make([]func() error, connections)
	for i := range exchanges {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return 0, err
		}
		defer conn.Close()
		if exchanges[i], err = open(conn, address, token); err != nil {
			return 0, err
		}
	}
	return closedLoop(exchanges, d)
}

// closedLoop sends on each connection again as soon as the last answer was read, and
// returns the requests a second.
func closedLoop(exchanges []func() error, d time.Duration) (float64, error) {
	var all sync.WaitGroup
	counts, errs := make([]int, len(exchanges)), make([]error, len(exchanges))
	begin := time.Now()
	for i, exchange := range exchanges {
		all.Go(func() {
			for time.Since(begin) < d && errs[i] == nil {
				errs[i] = exchange()
				counts[i]++
			}
		})
	}
	all.Wait()
	took := time.Since(begin)
	total := 0
	for i, n := range counts {
		if errs[i] != nil {
			return 0, errs[i]
		}
		total += n
	}
	return float64(total) / took.Seconds(), nil
}
