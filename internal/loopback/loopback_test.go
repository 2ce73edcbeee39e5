package loopback_test

import (
	"testing"

	"github.com/bearergate/bearergate/internal/loopback"
)

func TestIsHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.255.255.254": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "api.example": false, "localhost.example": false, "127.0.0.1.example": false, "128.0.0.1": false,
		"::ffff:128.0.0.1": false, "0.0.0.0": false, "::": false, "[::1]": false, "10.0.0.1": false,
	} {
		if got := loopback.IsHost(host); got != want {
			t.Errorf("IsHost(%q): got %t, want %t", host, got, want)
		}
	}
}
