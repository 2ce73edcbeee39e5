package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

func TestTourShowsEveryRow(t *testing.T) {
	var out bytes.Buffer
	if err := run(context.Background(), []string{"-once", "-addr", "127.0.0.1:0"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, code := range bearergate.Codes() {
		if !strings.Contains(out.String(), string(code)) {
			t.Errorf("%s is not on the tour:\n%s", code, &out)
		}
	}
	if got := strings.Count(out.String(), `{"error":"invalid_grant"}`); got != 5 {
		t.Errorf("%d ways to invalid_grant are on the tour, want 5:\n%s", got, &out)
	}
}

func TestAnswerThatIsNotAsDocumentedFails(t *testing.T) {
	s := stop{code: bearergate.ErrRateLimited, headers: map[string]string{"Retry-After": ""}}
	good := answer{429, "{\"error\":\"rate_limited\"}\n", http.Header{"Retry-After": {"1"}}}
	if err := s.check(good); err != nil {
		t.Errorf("got %v", err)
	}
	for _, bad := range []answer{
		{403, good.body, good.header}, {429, `{"error":"rate_limited"}`, good.header}, {429, good.body, nil},
	} {
		if s.check(bad) == nil {
			t.Errorf("%v passed", bad)
		}
	}
}

func TestTakenPortIsReplacedByAFreeOne(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-addr", taken.Addr().String()}, in, io.Discard)
		in.Close()
		ended <- err
	}()
	var seen strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(seen.String(), "DELETE") {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatalf("it ended with %v", <-ended)
		}
		seen.Write(buf[:n])
	}
	if strings.Contains(seen.String(), taken.Addr().String()) {
		t.Error("it says that it serves where another does")
	}
	cancel()
	go io.Copy(io.Discard, out)
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it did not end")
	}
}
