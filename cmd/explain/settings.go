package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/scopetoken"
	"github.com/bearergate/bearergate/jwtverifier"
)

// settings are those of the resource server.
type settings struct {
	config         jwtverifier.Config
	audiences      []string
	keys           string
	scopes         []string
	accepts        []bearergate.TokenOption
	maxTokenLength int
}

func parse(args []string, stderr io.Writer) (*settings, error) {
	s := new(settings)
	flags := flag.NewFlagSet("explain", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: explain -issuer URL -audience NAME [flags] <token.txt")
		fmt.Fprintln(stderr, "A PATH is the name of a claim, or a JSON array of names: [\"realm_access\",\"roles\"].")
		flags.PrintDefaults()
	}
	s.addPolicy(flags)
	s.addClaims(flags)
	s.addRoute(flags)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		err := errors.New("explain: the token is read from the standard input, and no argument is accepted")
		fmt.Fprintln(stderr, err)
		return nil, err
	}
	return s, nil
}

func (s *settings) addPolicy(flags *flag.FlagSet) {
	c := &s.config
	flags.StringVar(&c.Issuer, "issuer", "", "`URL` of the issuer (Config.Issuer)")
	flags.Func("audience", "`NAME` of the API, repeatable (Config.Audience, Config.AdditionalAudiences)", appendTo(&s.audiences))
	flags.Func("algorithm", "accepted `ALG` of the header, repeatable, all by default (Config.Algorithms)", appendTo(&c.Algorithms))
	flags.IntVar(&c.MaxRSABits, "max-rsa-bits", 0, "length of the longest RSA key that is accepted, 8192 if 0 (Config.MaxRSABits)")
	flags.Func("require", "claim and the value that it must have, as `NAME=VALUE`, repeatable (Config.RequiredClaims)", func(text string) error {
		return pairTo(&c.RequiredClaims, text)
	})
	flags.BoolVar(&c.SubjectOptional, "subject-optional", false, "accept tokens without sub (Config.SubjectOptional)")
	flags.Func("header-type", "further `TYP` of the header, repeatable (Config.HeaderTypes)", appendTo(&c.HeaderTypes))
	flags.BoolVar(&c.RequireTypeATJWT, "require-at-jwt", false, "accept no typ but at+jwt (Config.RequireTypeATJWT)")
	flags.DurationVar(&c.Leeway, "leeway", 0, "how far the clocks may differ, 30s if 0 (Config.Leeway)")
	flags.StringVar(&s.keys, "keys", "", "`URL or file` of a JWK Set or PEM (Config.Keys); by default the issuer's metadata names it")
}

func (s *settings) addClaims(flags *flag.FlagSet) {
	c := &s.config
	for name, claim := range map[string]struct {
		field string
		path  *jwtverifier.ClaimPath
	}{
		"audience-claim":     {"AudienceClaim", &c.AudienceClaim},
		"client-claim":       {"ClaimNames.ClientID", &c.ClaimNames.ClientID},
		"organization-claim": {"ClaimNames.OrganizationID", &c.ClaimNames.OrganizationID},
		"grant-claim":        {"ClaimNames.GrantID", &c.ClaimNames.GrantID},
		"installation-claim": {"ClaimNames.InstallationID", &c.ClaimNames.InstallationID},
		"projects-claim":     {"ClaimNames.ProjectIDs", &c.ClaimNames.ProjectIDs},
		"type-claim":         {"ClaimNames.Type", &c.ClaimNames.Type},
	} {
		flags.Func(name, "`PATH` of the claim (Config."+claim.field+")", pathTo(claim.path))
	}
	flags.Func("scope-claim", "`PATH` of a further claim of scopes, repeatable (Config.ScopeClaims)", func(text string) error {
		path, err := parsePath(text)
		c.ScopeClaims = append(c.ScopeClaims, path)
		return err
	})
	flags.Func("implies", "what a scope implies, as `SCOPE=SCOPE`, repeatable (Config.ScopeHierarchy)", func(text string) error {
		scope, implied, ok := strings.Cut(text, "=")
		if c.ScopeHierarchy == nil {
			c.ScopeHierarchy = make(map[string][]string)
		}
		c.ScopeHierarchy[scope] = append(c.ScopeHierarchy[scope], implied)
		return errUnless(ok)
	})
	flags.Func("token-type", "meaning of a type claim, as `VALUE=access` or VALUE=installation, repeatable (Config.TokenTypes)", func(text string) error {
		return pairTo(&c.TokenTypes, text)
	})
}

func (s *settings) addRoute(flags *flag.FlagSet) {
	flags.Func("scope", "`SCOPE` that the route requires, repeatable (RequireScope)", func(text string) error {
		if !scopetoken.Valid(text) {
			return errors.New("no scope; use printable ASCII without space, quote and backslash")
		}
		s.scopes = append(s.scopes, text)
		return nil
	})
	flags.Func("accept", "`type` of token that the route accepts, access or installation; either without it (RequireToken)", func(text string) error {
		t := bearergate.TokenType(text)
		if t != bearergate.AccessToken && t != bearergate.InstallationToken {
			return errors.New("use access or installation")
		}
		s.accepts = append(s.accepts, t)
		return nil
	})
	flags.IntVar(&s.maxTokenLength, "max-token-length", 0, "how many `bytes` a token may have, 8192 if 0 (bearergate.Config.MaxTokenLength)")
}

func appendTo(list *[]string) func(string) error {
	return func(text string) error {
		*list = append(*list, text)
		return nil
	}
}

func pathTo(path *jwtverifier.ClaimPath) func(string) error {
	return func(text string) (err error) {
		*path, err = parsePath(text)
		return err
	}
}

// parsePath reads the form that [jwtverifier.ClaimPath.String] writes.
func parsePath(text string) (path jwtverifier.ClaimPath, err error) {
	if !strings.HasPrefix(text, "[") {
		return jwtverifier.ClaimPath{text}, nil
	}
	if err = json.Unmarshal([]byte(text), &path); err == nil && len(path) == 0 {
		err = errors.New("an empty path")
	}
	return path, err
}

func pairTo[T ~string](pairs *map[string]T, text string) error {
	name, value, ok := strings.Cut(text, "=")
	if err := errUnless(ok); err != nil {
		return err
	}
	if *pairs == nil {
		*pairs = make(map[string]T)
	}
	(*pairs)[name] = T(value)
	return nil
}

func (s *settings) verifier() (*jwtverifier.Verifier, error) {
	c := s.config
	if len(s.audiences) > 0 {
		c.Audience, c.AdditionalAudiences = s.audiences[0], s.audiences[1:]
	}
	keys, err := s.keySource()
	if err != nil {
		return nil, err
	}
	c.Keys, c.Logger = keys, slog.New(slog.DiscardHandler) // the checks have what it would log
	return jwtverifier.New(c)
}

// keySource returns nil for keys to discover.
func (s *settings) keySource() (jwtverifier.KeySource, error) {
	switch {
	case s.keys == "":
		return nil, nil
	case strings.Contains(s.keys, "://"):
		return jwtverifier.RemoteKeys(s.keys)
	}
	text, err := os.ReadFile(s.keys)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	return jwtverifier.StaticKeys(text)
}

func errUnless(hasEquals bool) error {
	if hasEquals {
		return nil
	}
	return errors.New("no = in it")
}
