// Soak sends an API that is guarded by bearergate all kinds of good and bad requests,
// while keys are rotated, grants are revoked, and the key server and the stores fail
// and hang, and checks every answer:
//
//	go run ./benchmarks/soak
//
// An oracle knows the state of everything during each request, and so the answers that
// are right. The program prints the wrong ones, and ends with status 1 if there was one,
// if the heap grew, or if goroutines were left behind.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	s := settings{rotation: 5 * time.Second, pace: 60 * time.Millisecond, failing: 0.02, algorithms: []string{"RS256", "ES256", "EdDSA"}}
	flag.DurationVar(&s.duration, "for", 2*time.Minute, "how `long` requests are sent")
	flag.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano()), "the `number` that the random choices follow from")
	flag.IntVar(&s.workers, "workers", 32, "how `many` clients send requests")
	flag.Parse()
	r, err := soakAlone(s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	r.print(os.Stdout)
	if len(r.faults()) > 0 {
		os.Exit(1)
	}
}
