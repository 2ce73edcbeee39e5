// Comparison sets bearergate and its peers up as their own documentation says,
// brings each into the same situations, in which somebody is hurt, and prints what
// came over the wire as a page:
//
//	go run ./benchmarks/comparison >docs/comparison.md
//
// Requests go over HTTP to loopback, and so do the peers' requests for keys.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/gin-gonic/gin"
)

func main() {
	silence()
	out := bufio.NewWriter(os.Stdout)
	writePage(out, newReport(peers, situations()), time.Now())
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "comparison:", err)
		os.Exit(1)
	}
}

// silence turns off what the peers log by default.
func silence() {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultWriter, gin.DefaultErrorWriter = io.Discard, io.Discard
}
