// Explain says why a resource server refuses a JWT access token, or that it accepts
// it: every check that package jwtverifier makes, in its order, with what it found
// and the setting that would change the result.
//
//	go run github.com/bearergate/bearergate/cmd/explain -issuer https://auth.example -audience https://api.example <token.txt
//
// The token is read from the standard input, so that it does not stay in the history
// of a shell. Neither the token nor its signature is printed. The exit status is 0 if
// the token is accepted, and 1 if not.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/bearergate/bearergate/jwtverifier"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (status int) {
	s, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 1 // parse has printed why
	}
	status, err = s.explain(stdin, stdout)
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	return status
}

func (s *settings) explain(stdin io.Reader, stdout io.Writer) (status int, err error) {
	verifier, err := s.verifier()
	if err != nil {
		return 1, err
	}
	token, err := readToken(stdin)
	if err != nil {
		return 1, err
	}
	var checks bytes.Buffer
	printChecks(&checks, verifier.Explain(context.Background(), token))
	var answer bytes.Buffer
	if status, err = s.answer(&answer, verifier, token); err != nil {
		return status, err
	}
	_, err = io.Copy(stdout, io.MultiReader(&checks, &answer))
	return status, err
}

// maxInput is more than any token that is accepted.
const maxInput = 1 << 20

// readToken reads a token, or an Authorization header's value.
func readToken(r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxInput))
	if err != nil {
		return "", fmt.Errorf("explain: the token cannot be read: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if scheme, rest, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "Bearer") {
		token = strings.TrimSpace(rest)
	}
	if token == "" {
		return "", errors.New("explain: the standard input has no token")
	}
	return token, nil
}

func printChecks(w io.Writer, checks []jwtverifier.Check) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range checks {
		fmt.Fprintf(table, "%s\t%s\t%s\n", c.Result, c.Name, describe(c))
	}
	table.Flush()
}

func describe(c jwtverifier.Check) string {
	parts := []string{c.Found}
	if c.Result == jwtverifier.Failed {
		parts = append(parts, "want "+c.Wanted, c.Advice)
	}
	text := strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
	if c.Result != jwtverifier.Passed && c.Setting != "" {
		text += " (Config." + c.Setting + ")"
	}
	return strings.ReplaceAll(text, "\n", " / ")
}
