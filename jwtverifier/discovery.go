package jwtverifier

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bearergate/bearergate/internal/strictjson"
)

// discovery finds the URL of an issuer's keys in its metadata.
type discovery struct {
	issuer string
	scheme string
	places []string
}

func newDiscovery(issuer string) (*discovery, error) {
	u, err := parseURL(issuer)
	switch {
	case err != nil:
		return nil, err
	case strings.Contains(u.Path, "/.well-known/"):
		return nil, fmt.Errorf("%q is the URL of its metadata; use the \"issuer\" in it, without /.well-known/", issuer)
	case u.RawQuery != "", u.ForceQuery:
		return nil, fmt.Errorf("%q must be a URL without query", issuer)
	}
	origin := u.Scheme + "://" + u.Host
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	return &discovery{issuer, u.Scheme, []string{
		origin + "/.well-known/oauth-authorization-server" + path, // RFC 8414 section 3.1
		origin + path + "/.well-known/openid-configuration",       // OpenID Connect Discovery section 4.1
	}}, nil
}

func (d *discovery) keys(ctx context.Context, f *fetcher) (document, error) {
	jwksURL, err := d.find(ctx, f)
	if err != nil {
		return document{}, err
	}
	return f.get(ctx, jwksURL)
}

// find tries one place after the other. A server that hangs leaves time for the
// other place, and for the keys.
func (d *discovery) find(ctx context.Context, f *fetcher) (jwksURL string, err error) {
	var faults []error
	for _, place := range d.places {
		jwksURL, err := d.read(ctx, f, place)
		if err == nil {
			return jwksURL, nil
		}
		faults = append(faults, fmt.Errorf("metadata at %s: %w", place, err))
	}
	return "", errors.Join(faults...)
}

func (d *discovery) read(ctx context.Context, f *fetcher, place string) (jwksURL string, err error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/3)
		defer cancel()
	}
	text, _, err := f.read(ctx, place)
	if err != nil {
		return "", err
	}
	var issuer string
	err = strictjson.Object(text, func(name, value string) error {
		switch name {
		case "issuer":
			issuer, _ = strictjson.String(value)
		case "jwks_uri":
			jwksURL, _ = strictjson.String(value)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return jwksURL, d.check(issuer, jwksURL)
}

func (d *discovery) check(issuer, jwksURL string) error {
	if issuer != d.issuer {
		return d.errOtherIssuer(issuer)
	}
	keys, err := parseURL(jwksURL)
	if err != nil {
		return fmt.Errorf("its jwks_uri %w", err)
	}
	if d.scheme == "https" && keys.Scheme != "https" {
		return fmt.Errorf("its jwks_uri %q must be https, as the issuer is", jwksURL)
	}
	return nil
}

// errOtherIssuer says how the issuer of the metadata differs from the configured one.
func (d *discovery) errOtherIssuer(issuer string) error {
	hint := "see Config.Issuer"
	switch {
	case strings.TrimSuffix(issuer, "/") == strings.TrimSuffix(d.issuer, "/"):
		hint = "they differ in the slash at the end; see Config.Issuer"
	case strings.ContainsAny(issuer, "{}"):
		hint = "it is one for all tenants; use the issuer of your tenant, or ByTenant"
	}
	return fmt.Errorf("its issuer is %q, want %q: %s", issuer, d.issuer, hint)
}
