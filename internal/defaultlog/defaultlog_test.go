package defaultlog_test

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/internal/defaultlog"
)

// capture makes slog.Default log to the returned buffer until the test ends.
func capture(t *testing.T, level slog.Level) *bytes.Buffer {
	t.Helper()
	before, buf := slog.Default(), new(bytes.Buffer)
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(os.Stderr)
		log.SetFlags(log.LstdFlags)
	})
	slog.SetDefault(slog.New(slog.NewTextHandler(buf, &slog.HandlerOptions{Level: level})))
	return buf
}

// burst logs n lines and returns how many of them were logged.
func burst(buf *bytes.Buffer, l *defaultlog.Log, n int) int {
	buf.Reset()
	for range n {
		l.Log(context.Background(), slog.LevelError, "trouble", slog.String("kind", "a"))
	}
	return strings.Count(buf.String(), "msg=trouble kind=a")
}

func TestTenLinesAtOnceAndThenOneASecond(t *testing.T) {
	buf := capture(t, slog.LevelInfo)
	synctest.Test(t, func(t *testing.T) {
		var l defaultlog.Log
		for i, c := range []struct {
			after   time.Duration
			n, want int
			leftOut string
		}{
			{0, 25, 10, ""},
			{time.Second - 1, 1, 0, ""},
			{1, 5, 1, "left_out=16"},
			{3 * time.Second, 5, 3, "left_out=4"},
			{time.Hour, 25, 10, "left_out=2"},
			{time.Hour, 1, 1, "left_out=15"},
			{0, 1, 1, ""},
		} {
			time.Sleep(c.after)
			if got := burst(buf, &l, c.n); got != c.want {
				t.Errorf("row %d: got %d lines of %d, want %d", i, got, c.n, c.want)
			}
			if got := strings.Count(buf.String(), "left_out="); c.leftOut == "" && got > 0 || !strings.Contains(buf.String(), c.leftOut) || got > 1 {
				t.Errorf("row %d: got %q, want %q once", i, buf.String(), c.leftOut)
			}
		}
	})
}

func TestLogsHaveBudgetsOfTheirOwn(t *testing.T) {
	buf := capture(t, slog.LevelInfo)
	var a, b defaultlog.Log
	burst(buf, &a, 100)
	if got := burst(buf, &b, 1); got != 1 {
		t.Errorf("got %d lines, want 1", got)
	}
}

func TestClockThatWasSetBackDoesNotSilence(t *testing.T) {
	buf := capture(t, slog.LevelInfo)
	var l defaultlog.Log
	burst(buf, &l, 100)
	synctest.Test(t, func(t *testing.T) { // whose clock begins in 2000
		if got := burst(buf, &l, 1); got != 1 {
			t.Errorf("got %d lines, want 1", got)
		}
	})
}

func TestLevelThatIsOffCostsNoLine(t *testing.T) {
	quiet := capture(t, slog.LevelError+1)
	var l defaultlog.Log
	if got := burst(quiet, &l, 100); got != 0 {
		t.Errorf("got %d lines, want none", got)
	}
	if got := burst(capture(t, slog.LevelInfo), &l, 100); got != 10 {
		t.Errorf("got %d lines, want 10", got)
	}
}

func TestLogIsSafeForConcurrentUse(t *testing.T) {
	buf := capture(t, slog.LevelInfo)
	synctest.Test(t, func(t *testing.T) {
		var l defaultlog.Log
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { l.Log(context.Background(), slog.LevelError, "trouble") })
		}
		wg.Wait()
	})
	if got := strings.Count(buf.String(), "msg=trouble"); got != 10 {
		t.Errorf("got %d lines, want 10", got)
	}
}
