package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"time"
)

// runner tries mutants and writes those that survive.
type runner struct {
	builder
	tests   []string // a package each, and perhaps flags of its test program
	timeout time.Duration
	until   time.Time // no mutant is tried after it
	out     io.Writer
	counts  tally
	last    []byte // the output of the last program
	checked string // the last directory whose tests pass without a mutant
}

type outcome int

const (
	survived outcome = iota
	killed
	late
	broken
)

// tally counts outcomes.
type tally [broken + 1]int

func (t tally) String() string {
	return fmt.Sprintf("%d compiled: %d killed, %d timed out, %d survived; %d did not compile",
		t[killed]+t[late]+t[survived], t[killed], t[late], t[survived], t[broken])
}

// run tries each mutant: those of a package that can be switched on in one
// program, the others one by one.
func (r *runner) run(mutants []mutant) error {
	var order []string
	switchable := make(map[string][]mutant)
	var alone []mutant
	for _, m := range mutants {
		if !m.switchable() {
			alone = append(alone, m)
			continue
		}
		dir := path.Dir(m.file)
		if switchable[dir] == nil {
			order = append(order, dir)
		}
		switchable[dir] = append(switchable[dir], m)
	}
	for _, dir := range order {
		if err := r.together(switchable[dir]); err != nil {
			return err
		}
	}
	for _, m := range alone {
		if err := r.alone(m); err != nil {
			return err
		}
	}
	return nil
}

// together tries mutants of a package in one program. If it does not compile, the
// halves are tried, and a single mutant alone.
func (r *runner) together(mutants []mutant) error {
	programs, err := r.build(withSwitches(mutants), r.packages(mutants[0]))
	switch {
	case errors.Is(err, errBroken) && len(mutants) == 1:
		return r.alone(mutants[0])
	case errors.Is(err, errBroken):
		half := len(mutants) / 2
		if err := r.together(mutants[:half]); err != nil {
			return err
		}
		return r.together(mutants[half:])
	case err != nil:
		return err
	}
	if err := r.sound(programs, mutants[0]); err != nil {
		return err
	}
	for i, m := range mutants {
		if time.Now().After(r.until) {
			return nil
		}
		got, err := r.test(programs, m, i+1)
		if err != nil {
			return err
		}
		r.report(m, got)
	}
	return nil
}

// sound returns an error if the tests fail without a mutant. It runs them once for
// each package.
func (r *runner) sound(programs map[string]string, m mutant) error {
	if dir := path.Dir(m.file); r.checked != dir {
		r.checked = dir
		if got, err := r.test(programs, m, 0); err != nil || got != survived {
			return errors.Join(fmt.Errorf("the tests fail without a mutant:\n%s", r.last), err)
		}
	}
	return nil
}

// alone tries a mutant in a program of its own.
func (r *runner) alone(m mutant) error {
	if time.Now().After(r.until) {
		return nil
	}
	programs, err := r.build(map[string][]byte{m.file: m.mutated()}, r.packages(m))
	if errors.Is(err, errBroken) {
		r.report(m, broken)
		return nil
	}
	if err != nil {
		return err
	}
	got, err := r.test(programs, m, 0)
	if err == nil {
		r.report(m, got)
	}
	return err
}

func (r *runner) report(m mutant, got outcome) {
	r.counts[got]++
	if got == survived {
		fmt.Fprintf(r.out, "%s\n%s", m, m.diff())
	}
}

// testsOf returns the tests that the mutant has to pass.
func (r *runner) testsOf(m mutant) []string {
	if len(r.tests) == 0 {
		return []string{"./" + path.Dir(m.file)}
	}
	return r.tests
}

func (r *runner) packages(m mutant) (names []string) {
	for _, test := range r.testsOf(m) {
		if name := strings.Fields(test)[0]; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// test runs the programs with a mutant switched on, until one fails.
func (r *runner) test(programs map[string]string, m mutant, number int) (outcome, error) {
	for _, test := range r.testsOf(m) {
		args := strings.Fields(test)
		got, err := r.testOne(programs[args[0]], args, number)
		if got != survived || err != nil {
			return got, err
		}
	}
	return survived, nil
}

// testOne runs a program of tests. It ends itself after the timeout; if it cannot,
// it is killed.
func (r *runner) testOne(program string, test []string, number int) (outcome, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*r.timeout)
	defer cancel()
	flags := append([]string{"-test.failfast", "-test.timeout=" + r.timeout.String()}, test[1:]...)
	command := exec.CommandContext(ctx, program, flags...)
	command.Dir, command.WaitDelay = test[0], time.Second
	command.Env = append(os.Environ(), fmt.Sprintf("MUTANT=%d", number))
	output, err := command.CombinedOutput()
	r.last = output
	var exit *exec.ExitError
	switch {
	case err == nil:
		return survived, nil
	case ctx.Err() != nil, strings.Contains(string(output), "panic: test timed out"):
		return late, nil
	case errors.As(err, &exit):
		return killed, nil
	}
	return 0, err
}
