// Quickstart is a small translations API behind every guard of bearergate. It
// takes a tour of its own error answers over HTTP, prints them, and then serves.
//
//	go run ./examples/quickstart              # the tour, then serve on 127.0.0.1:8080
//	go run ./examples/quickstart -once        # the tour alone
//	go run ./examples/quickstart -db app.db   # serve, and survive restarts
//
// The page at / explains the errors, and has a button for each that sends a request and
// shows the answer.
//
// Its exit status is 1 if an answer was not as documented.
//
// Without -db everything is in memory. With it, clients, codes, tokens, grants and the
// signing key are in the database. There is no tour then, since it revokes a grant and
// uses up a budget. If a user revoked grant-acme, the next consent makes a new grant.
//
// Several processes can use one database of PostgreSQL. With -redis they share their
// budgets too, and each keeps grants in a cache that learns of revocations at once:
//
//	go run ./examples/quickstart -db postgres://… -redis localhost:6379
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:8080", "`address` to serve on; if it is taken, a free port of the same host")
	once := flags.Bool("once", false, "end after the tour")
	lifetime := flags.Duration("lifetime", time.Hour, "how `long` tokens last, at least a second")
	db := flags.String("db", "", "keep the state in this SQLite `file` or postgres:// URL, and take no tour")
	redisAddr := flags.String("redis", "", "share the budgets and revocations by the Redis at this `address`; the state stays in -db")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *lifetime < time.Second {
		return errors.New("-lifetime is under a second")
	}
	if *once && *db != "" {
		return errors.New("-once is the tour alone, and with -db there is no tour")
	}
	listener, err := listen(*addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	level := new(slog.LevelVar)
	level.Set(slog.LevelError + 1) // the tour prints its answers itself
	base := baseURL(listener.Addr())
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	stores, err := newStores(ctx, logger, *db, *redisAddr)
	if err != nil {
		return err
	}
	defer stores.Close()
	api, err := newAPI(ctx, logger, base, *lifetime, stores)
	if err != nil {
		return err
	}
	handler, err := api.withReference(ctx)
	if err != nil {
		return err
	}
	server := newServer(handler)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer server.Close()

	if *db == "" {
		if err := newTour(api, base).take(ctx, stdout); err != nil || *once {
			return err
		}
	}
	grant, err := api.consentedGrant(ctx)
	if err != nil {
		return err
	}
	level.Set(slog.LevelDebug)
	printCurl(stdout, base, api.issuer, grant)
	select {
	case <-ctx.Done():
		return nil
	case err := <-served:
		return err
	}
}

// newServer returns a server on which slow and large requests end.
func newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

// baseURL returns where the program reaches itself: on this machine, since keys
// are fetched over http from nowhere else.
func baseURL(addr net.Addr) string {
	tcp := addr.(*net.TCPAddr)
	if tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	return "http://" + addr.String()
}

// listen listens on addr or, if that port is not available, on a free one.
func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if err == nil {
		return listener, nil
	}
	host, _, splitErr := net.SplitHostPort(addr)
	if splitErr != nil {
		return nil, err
	}
	return net.Listen("tcp", net.JoinHostPort(host, "0"))
}
