package code_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// newServer returns the URL of a server that ends with the test.
func newServer(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}
