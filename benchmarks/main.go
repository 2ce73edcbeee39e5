// Benchmarks compares bearergate with its peers on the same work:
//
//	go run ./benchmarks
//
// It measures them in turns, several times, and prints tables of medians in Markdown,
// with the quartiles of ratios. With -only it measures one group, and with -bars it
// checks what the library must hold.
package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
)

func main() {
	testing.Init()
	var p program
	flag.IntVar(&p.rounds, "rounds", 40, "how many `times` each is measured")
	benchtime := flag.String("benchtime", "5ms", "how `long` each is measured in a round")
	only := flag.String("only", "", "`name` of the only group: "+strings.Join(groupNames(), ", "))
	raw := flag.String("raw", "", "`file` for the measurements themselves, for benchstat")
	bars := flag.Bool("bars", false, "check the bars alone, each with the measured value and its quartiles")
	serve := flag.String("serve", "", "for the program itself: `stack` to serve over HTTP")
	load := flag.String("load", "", "for the program itself: `protocol` to ask a server by")
	flag.Parse()
	flag.Set("test.benchtime", *benchtime)
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the 503s that are measured are logged
	if err := p.run(*only, *raw, *bars, *serve, *load); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// program is one run.
type program struct {
	rounds int
	raw    io.Writer // of the measurements
}

func (p *program) run(only, raw string, bars bool, serve, load string) error {
	switch {
	case serve != "":
		return serveStack(serve, os.Stdin, os.Stdout)
	case load != "":
		return generateLoad(load, os.Stdin, os.Stdout)
	}
	p.raw = io.Discard
	if raw != "" {
		out, err := os.Create(raw)
		if err != nil {
			return err
		}
		defer out.Close()
		p.raw = out
	}
	if err := refuse(); err != nil {
		return err
	}
	if bars {
		return p.checkBars(os.Stdout)
	}
	return p.runGroups(os.Stdout, only)
}
