package client_test

import (
	"log/slog"
	"os"
	"testing"
)

// TestMain keeps faults that tests cause out of their output.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
