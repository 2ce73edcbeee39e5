// Otel is an API whose decisions Prometheus scrapes, and an app that uses it. It has
// its own issuer of tokens, makes its own traffic, and lets things fail now and then:
// the key server, the limiter, the token endpoint.
//
//	go run .
//	prometheus --config.file prometheus.yml --storage.tsdb.path /tmp/otel # in another terminal
//
// Import dashboard.json into Grafana to look at it. The alerting rules are alerts.yml.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	addr := flag.String("addr", "127.0.0.1:8080", "`address` to serve on")
	pause := flag.Duration("pause", time.Second, "how `long` to rest between two rounds of traffic")
	flag.Parse()
	if err := run(ctx, *addr, *pause); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, addr string, pause time.Duration) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	base := "http://" + listener.Addr().String()
	s, err := newService(slog.Default())
	if err != nil {
		return err
	}
	defer s.close()
	server := &http.Server{Handler: s.handler, ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener)
	defer server.Close()
	fmt.Println("metrics at", base+"/metrics and probes at", base+"/live and", base+"/ready")
	return s.traffic(base).run(ctx, pause)
}
