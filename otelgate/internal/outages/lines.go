package outages

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
)

// LogLine is the first line of a kind, and how many there were.
type LogLine struct {
	Line  string
	Count int
}

// lines keeps the first line of each kind: of a level, a message, a code and a route.
type lines struct {
	mu    sync.Mutex
	kinds map[[4]string]int
	all   []LogLine
}

func newLines() *lines { return &lines{kinds: make(map[[4]string]int)} }

func (l *lines) handler() slog.Handler { return lineHandler{lines: l} }

// lineHandler writes text, as slog.NewTextHandler does, in UTC.
type lineHandler struct{ lines *lines }

func (h lineHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}
func (h lineHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h lineHandler) WithGroup(string) slog.Handler      { return h }

func (h lineHandler) Handle(ctx context.Context, r slog.Record) error {
	h.lines.mu.Lock()
	defer h.lines.mu.Unlock()
	kind := kindOf(r)
	if at, known := h.lines.kinds[kind]; known {
		h.lines.all[at].Count++
		return nil
	}
	var line bytes.Buffer
	r.Time = r.Time.UTC()
	if err := slog.NewTextHandler(&line, nil).Handle(ctx, r); err != nil {
		return err
	}
	h.lines.kinds[kind] = len(h.lines.all)
	h.lines.all = append(h.lines.all, LogLine{randomID.ReplaceAllString(strings.TrimSpace(line.String()), "…"), 1})
	return nil
}

// randomID matches ids that are different in each run.
var randomID = regexp.MustCompile(`[\w-]{43}`)

func kindOf(r slog.Record) [4]string {
	kind := [4]string{r.Level.String(), r.Message}
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "code":
			kind[2] = a.Value.String()
		case "pattern":
			kind[3] = a.Value.String()
		}
		return true
	})
	return kind
}
