package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const (
	bareHandler = "bare handler"
	connections = 32
	loadTime    = 500 * time.Millisecond
	// busyClient is the share of its core from which the load generator, and not the
	// server, bounds how many requests there are.
	busyClient = 0.95
)

// printHTTP prints how many requests a server of each stack answers over loopback.
// Each server has a process and a core of its own, and so has the load generator, whose
// connections each wait for an answer before they send the next request.
func printHTTP(p *program, w io.Writer) error {
	servers, err := startServers()
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	if err != nil {
		return err
	}
	r, busy := newResults(), make(map[string][]float64)
	for range (p.rounds + 3) / 4 {
		if err := loadRound(servers, r, busy); err != nil {
			return err
		}
	}
	printRates(w, r, busy)
	return nil
}

// loadRound asks each server by each protocol, in turn.
func loadRound(servers []*server, r *results, busy map[string][]float64) error {
	for _, protocol := range protocolNames() {
		for _, s := range servers {
			name := onCores(protocol, s.name, 1)
			rate, share, err := s.load(protocol)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			r.add(name, rate, 0)
			busy[name] = append(busy[name], share)
		}
	}
	return nil
}

// printRates prints the requests a second, and their share of those of the bare
// handler. If the load generator was the bottleneck, the difference may be larger.
func printRates(w io.Writer, r *results, busy map[string][]float64) {
	protocols, stacks, _ := r.names()
	columns := []string{"requests/s", "share of " + bareHandler, "client's core in use"}
	for _, protocol := range protocols {
		printTable(w, protocol, stacks, columns, func(stack, column string) string {
			name := onCores(protocol, stack, 1)
			switch column {
			case columns[0]:
				return fmt.Sprintf("%.0f", median(r.time[name]))
			case columns[1]:
				return quartilesOf(r.ratio(name, onCores(protocol, bareHandler, 1))).String()
			}
			return percent(median(busy[name]))
		})
		if median(busy[onCores(protocol, bareHandler, 1)]) >= busyClient {
			fmt.Fprintf(w, "With %s the client is the bottleneck: the shares are an upper bound.\n\n", protocol)
		}
	}
}

// server is a process that serves a stack.
type server struct {
	name, address string // address and token, as the load generator reads them
	cmd           *exec.Cmd
	stdin         io.Closer
}

func startServers() ([]*server, error) {
	names := []string{bareHandler}
	for _, st := range stacks {
		names = append(names, st.name)
	}
	var servers []*server
	for _, name := range names {
		s, err := startServer(name)
		if err != nil {
			return servers, fmt.Errorf("%s: %w", name, err)
		}
		servers = append(servers, s)
	}
	return servers, nil
}

func startServer(name string) (*server, error) {
	cmd, err := onOneCore("-serve", name)
	if err != nil {
		return nil, err
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{name: name, cmd: cmd, stdin: stdin}
	if _, err := fmt.Fscanf(stdout, "%s\n", &s.address); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// stop ends the server, which serves until its standard input is closed.
func (s *server) stop() {
	s.stdin.Close()
	s.cmd.Wait()
}

// onOneCore returns the command of this program with other arguments.
func onOneCore(args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// load returns the requests a second that the server answered, and how much of its core
// the load generator used.
func (s *server) load(protocol string) (rate, busy float64, err error) {
	cmd, err := onOneCore("-load", protocol)
	if err != nil {
		return 0, 0, err
	}
	cmd.Stdin = strings.NewReader(s.address)
	begin := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, err
	}
	took := time.Since(begin)
	rate, err = strconv.ParseFloat(string(bytes.TrimSpace(out)), 64)
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return rate, float64(used) / float64(took), err
}
