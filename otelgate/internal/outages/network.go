package outages

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"time"
)

// network is a listener of connections in memory, whose deadlines a bubble knows.
type network chan net.Conn

func (n network) Accept() (net.Conn, error) {
	c, ok := <-n
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (n network) Close() error   { close(n); return nil }
func (n network) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443} }

// peer is a connection of a client at an address.
type peer struct {
	net.Conn
	address net.IP
}

func (p peer) RemoteAddr() net.Addr { return &net.TCPAddr{IP: p.address, Port: 40000} }

// answer is what a client received.
type answer struct {
	outcome string // none, a code, or that there was no answer
	status  int
	header  http.Header
	body    []byte
	raw     string // the bytes
}

// The outcomes beside the codes of the table.
const (
	passed   = "none"
	noAnswer = "client_gone"
)

// patience is how long clients wait for an answer.
const patience = 10 * time.Second

// send sends a request from an address, and counts the answer.
func (w *world) send(from net.IP, r *http.Request) answer {
	a := w.network.exchange(from, r)
	w.received.count(a)
	return a
}

func (n network) exchange(from net.IP, r *http.Request) answer {
	ours, theirs := net.Pipe()
	defer ours.Close()
	n <- peer{theirs, from}
	ours.SetDeadline(time.Now().Add(patience))
	go r.Write(ours)
	var raw bytes.Buffer
	resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(ours, &raw)), r)
	if err != nil {
		return answer{outcome: noAnswer}
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{outcome: noAnswer}
	}
	return answer{outcomeOf(resp.StatusCode, body), resp.StatusCode, resp.Header, body, raw.String()}
}

func outcomeOf(status int, body []byte) string {
	if status < http.StatusBadRequest {
		return passed
	}
	var refusal struct{ Error string }
	json.Unmarshal(body, &refusal)
	return refusal.Error
}

// roundTripper is the network for package client.
type roundTripper struct {
	*world
	from net.IP
}

func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	a := t.send(t.from, r)
	if a.outcome == noAnswer {
		return nil, net.ErrClosed
	}
	return &http.Response{
		StatusCode: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
	}, nil
}
