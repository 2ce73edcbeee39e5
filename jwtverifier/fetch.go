package jwtverifier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// maxDocument bounds the body of an answer.
	maxDocument = 1 << 20
	// maxResponseHeader bounds the header of an answer.
	maxResponseHeader = 64 << 10
)

// fetcher fetches documents from key servers.
type fetcher struct {
	client http.Client
}

func newFetcher() fetcher {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = t.Clone()
	}
	transport.DisableKeepAlives = true // fetches are minutes apart
	transport.MaxResponseHeaderBytes = maxResponseHeader
	return fetcher{client: http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// document is the answer of a server.
type document struct {
	text   string
	maxAge time.Duration // negative if the server did not send one
}

func (f *fetcher) get(ctx context.Context, rawURL string) (document, error) {
	text, header, err := f.read(ctx, rawURL)
	if err != nil {
		return document{}, fmt.Errorf("GET %s: %w", rawURL, err)
	}
	return document{text, maxAge(header)}, nil
}

func (f *fetcher) read(ctx context.Context, rawURL string) (string, http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return "", nil, err
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := f.client.Do(r)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // the caller names the URL
		}
		return "", nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode != http.StatusOK:
		return "", nil, fmt.Errorf("answered %d, want 200", resp.StatusCode)
	case resp.ContentLength > maxDocument:
		return "", nil, errTooLong
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err == nil && len(body) > maxDocument {
		err = errTooLong
	}
	return string(body), resp.Header, err
}

var errTooLong = fmt.Errorf("answered more than %d bytes", maxDocument)

// maxAge returns how long an answer is fresh (RFC 9111 section 5.2.2), or a
// negative time if the answer does not say.
func maxAge(h http.Header) time.Duration {
	fresh := time.Duration(-1)
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
			if errors.Is(err, strconv.ErrRange) {
				seconds, err = 1<<31-1, nil
			}
			if err == nil {
				fresh = time.Duration(seconds) * time.Second
			}
		}
	}
	return fresh
}

// parseURL parses the URL of an issuer or of a key set. Its error completes a
// sentence whose subject is the URL. The scheme of the result is in lower case (RFC
// 3986 section 3.1).
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be parsed: %w", err)
	case u.Scheme == "" && !strings.HasPrefix(raw, "/"):
		return nil, fmt.Errorf("%q has no scheme; write https://%s", raw, raw)
	case u.Hostname() == "", u.User != nil, u.Fragment != "", strings.Contains(raw, "#"):
		return nil, fmt.Errorf("%q must be absolute, without user and fragment", raw)
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, nil
	}
	return nil, fmt.Errorf("%q must be https, or http on this machine", raw)
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
