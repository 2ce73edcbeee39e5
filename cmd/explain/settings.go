package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier"
)

// settings are those of the resource server.
type settings struct {
	config         jwtverifier.Config
	audiences      []string
	keys           string
	scopes         []string
	accepts        string
	maxTokenLength int
}

func parse(args []string, stderr io.Writer) (*settings, error) {
	s := new(settings)
	c := &s.config
	flags := flag.NewFlagSet("explain", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: explain -issuer URL -audience NAME [flags] <token.txt")
		fmt.Fprintln(stderr, "A PATH is the name of a claim, or a JSON array of names: [\"realm_access\",\"roles\"].")
		flags.PrintDefaults()
	}
	flags.StringVar(&c.Issuer, "issuer", "", "`URL` of the issuer (Config.Issuer)")
	flags.Func("audience", "`NAME` of the API, repeatable (Config.Audience, Config.AdditionalAudiences)", appendTo(&s.audiences))
	flags.Func("audience-claim", "`PATH` of the claim that stands in for aud (Config.AudienceClaim)", pathTo(&c.AudienceClaim))
	flags.Func("scope-claim", "`PATH` of a further claim of scopes, repeatable (Config.ScopeClaims)", func(text string) error {
		path, err := parsePath(text)
		c.ScopeClaims = append(c.ScopeClaims, path)
		return err
	})
	flags.Func("client-claim", "`PATH` of the client's claim (Config.ClaimNames.ClientID)", pathTo(&c.ClaimNames.ClientID))
	flags.Func("organization-claim", "`PATH` of the organization's claim (Config.ClaimNames.OrganizationID)", pathTo(&c.ClaimNames.OrganizationID))
	flags.Func("type-claim", "`PATH` of the type's claim (Config.ClaimNames.Type)", pathTo(&c.ClaimNames.Type))
	flags.Func("token-type", "meaning of a type claim, as `VALUE=access` or VALUE=installation, repeatable (Config.TokenTypes)", func(text string) error {
		return pairTo(&c.TokenTypes, text)
	})
	flags.Func("require", "claim and the value that it must have, as `NAME=VALUE`, repeatable (Config.RequiredClaims)", func(text string) error {
		return pairTo(&c.RequiredClaims, text)
	})
	flags.BoolVar(&c.SubjectOptional, "subject-optional", false, "accept tokens without sub (Config.SubjectOptional)")
	flags.Func("header-type", "further `TYP` of the header, repeatable (Config.HeaderTypes)", appendTo(&c.HeaderTypes))
	flags.BoolVar(&c.RequireTypeATJWT, "require-at-jwt", false, "accept no typ but at+jwt (Config.RequireTypeATJWT)")
	flags.DurationVar(&c.Leeway, "leeway", 0, "how far the clocks may differ, 30s if 0 (Config.Leeway)")
	flags.StringVar(&s.keys, "keys", "", "`URL or file` of a JWK Set or PEM (Config.Keys); by default the issuer's metadata names it")
	flags.Func("scope", "`SCOPE` that the route requires, repeatable (RequireScope)", appendTo(&s.scopes))
	flags.StringVar(&s.accepts, "accept", "", "`type` of token that the route accepts, access or installation; either if empty (RequireToken)")
	flags.IntVar(&s.maxTokenLength, "max-token-length", 0, "how many `bytes` a token may have, 8192 if 0 (bearergate.Config.MaxTokenLength)")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		fmt.Fprintln(stderr, "explain: the token is read from the standard input, and no argument is accepted")
		return nil, errors.New("an argument")
	}
	return s, nil
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
	err = json.Unmarshal([]byte(text), &path)
	return path, err
}

func pairTo[T ~string](pairs *map[string]T, text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return errors.New("no = in it")
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
	c.Keys = keys
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

func (s *settings) tokenOptions() ([]bearergate.TokenOption, error) {
	switch t := bearergate.TokenType(s.accepts); t {
	case "":
		return nil, nil
	case bearergate.AccessToken, bearergate.InstallationToken:
		return []bearergate.TokenOption{t}, nil
	}
	return nil, fmt.Errorf("explain: -accept is %q; use access or installation", s.accepts)
}
