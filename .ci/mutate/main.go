// Mutate changes Go files in one place at a time, in the way of a programmer's
// slips, and runs tests with each change. It prints the changes that no test
// notices: they survive.
//
//	go run ./.ci/mutate -seed 16 -n 40 client/*.go
//
// No file is changed: the compiler gets the mutants as an overlay. Most are in one
// program, in which an environment variable switches one of them on.
//
// The tests are those of the file's package, or of the packages that -test names, in
// that order and perhaps with flags of the test program:
//
//	go run ./.ci/mutate -test ./jwtverifier/internal/jose -test ./jwtverifier jwtverifier/internal/jose/*.go
package main

import (
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	seed := flag.Uint64("seed", 1, "the `seed` of the choice of mutants")
	n := flag.Int("n", 0, "how many `mutants` to try, all if 0")
	alone := flag.Int("alone", math.MaxInt, "how many of them may need a `program` of their own, which takes long to build")
	match := flag.String("match", "", "a `regexp`: try only mutants with it in their first line, such as survivors")
	timeout := flag.Duration("timeout", time.Minute, "how long one run of the tests may `last`")
	span := flag.Duration("for", 24*time.Hour, "how long to `go` on with another mutant")
	list := flag.Bool("list", false, "print the mutants and run nothing")
	var tests []string
	flag.Func("test", "a `package` whose tests each mutant has to pass; may be repeated", func(s string) error {
		tests = append(tests, s)
		return nil
	})
	flag.Parse()
	all, err := mutantsOf(flag.Args())
	if err != nil {
		log.Fatal(err)
	}
	if matching, err := regexp.Compile(*match); err != nil {
		log.Fatal(err)
	} else {
		all = slices.DeleteFunc(all, func(m mutant) bool { return !matching.MatchString(m.String()) })
	}
	chosen := choose(all, *seed, *n, *alone)
	if *list {
		for _, m := range chosen {
			fmt.Println(m)
		}
		return
	}
	if err := try(chosen, runner{tests: tests, timeout: *timeout, until: time.Now().Add(*span), out: os.Stdout}); err != nil {
		log.Fatal(err)
	}
}

func try(mutants []mutant, r runner) (err error) {
	if r.dir, err = os.MkdirTemp("", "mutate"); err != nil {
		return err
	}
	defer os.RemoveAll(r.dir)
	err = r.run(mutants)
	fmt.Fprintln(r.out, r.counts)
	return err
}

// mutantsOf returns the mutants of the named files without those of tests.
func mutantsOf(names []string) (all []mutant, err error) {
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		mutants, err := mutate(filepath.ToSlash(name), source)
		if err != nil {
			return nil, err
		}
		all = append(all, mutants...)
	}
	return all, nil
}

// choose returns n mutants, or all of them, in an order that the seed alone
// decides. Of those that need a program of their own, no more than alone are left.
func choose(all []mutant, seed uint64, n, alone int) (chosen []mutant) {
	if n == 0 || n > len(all) {
		n = len(all)
	}
	for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(len(all))[:n] {
		if !all[i].switchable() {
			alone--
		}
		if all[i].switchable() || alone >= 0 {
			chosen = append(chosen, all[i])
		}
	}
	return chosen
}
