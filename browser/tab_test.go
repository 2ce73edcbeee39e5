package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// newBrowser starts Chromium.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	path := needProgram(t, "apt-get install chromium", "chromium", "google-chrome")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// screen is how a page is shown.
type screen struct {
	width, height int64
	scheme        string // light or dark
	media         string // empty for a screen, or print
	withoutScript bool
}

func (s screen) String() string { return fmt.Sprintf("%d-%s%s", s.width, s.scheme, s.media) }

func wide() screen   { return screen{width: 1280, height: 900, scheme: "light"} }
func narrow() screen { return screen{width: 360, height: 740, scheme: "light"} }

func (s screen) dark() screen {
	s.scheme = "dark"
	return s
}

// tab is a tab of the browser in which the page is open.
type tab struct {
	t      *testing.T
	ctx    context.Context
	screen screen

	mu         sync.Mutex
	complaints []string
}

// open opens the page. When the test ends, it fails if the browser complained.
func open(t *testing.T, browser context.Context, url string, s screen) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx, screen: s}
	p.must(chromedp.Listen(ctx, p.listen))
	call(p, audits.Enable, cdp.Empty{})
	call(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: s.withoutScript})
	p.show(s)
	p.must(chromedp.Do(ctx, chromedp.Navigate(url)))
	t.Cleanup(p.checkComplaints)
	return p
}

func (p *tab) show(s screen) {
	p.t.Helper()
	p.must(chromedp.Do(p.ctx, chromedp.EmulateViewport(s.width, s.height)))
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: s.media,
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: s.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
}

// listen keeps what the console shows as an error, and violations of the policy. A
// refusal is an answer that the page asked for.
func (p *tab) listen(event any) {
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Source != log.EntrySourceNetwork {
			p.complain("console: %s: %s", e.Entry.Level, e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		p.complain("console: %s", e.Type)
	case *runtime.EventExceptionThrown:
		p.complain("exception: %s", e.ExceptionDetails.Text)
	case *audits.EventIssueAdded:
		if details := e.Issue.Details.ContentSecurityPolicyIssueDetails; details != nil {
			p.complain("policy: %s %s", details.ViolatedDirective, details.BlockedURL)
		}
	}
}

func (p *tab) complain(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, fmt.Sprintf(format, args...))
}

func (p *tab) checkComplaints() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, complaint := range p.complaints {
		p.t.Errorf("got %s, want none", complaint)
	}
}

func (p *tab) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func call[P, R any](p *tab, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	result, err := chromedp.Call(p.ctx, command, params)
	p.must(err)
	return result
}

// evaluate returns the value of an expression, or of its promise.
func evaluate[T any](p *tab, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	p.must(err)
	return value
}

func (p *tab) press(keys string) {
	p.t.Helper()
	p.must(chromedp.Do(p.ctx, chromedp.KeyEvent(keys)))
}

// wait waits until the condition holds.
func (p *tab) wait(condition string) {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Poll[bool](condition, chromedp.WithPollingInterval(20*time.Millisecond)))
	p.must(err)
}

// keep writes a file for people to look at, if BEARERGATE_SCREENSHOTS names a directory.
func keep(t *testing.T, name string, content func() ([]byte, error)) {
	t.Helper()
	directory := os.Getenv("BEARERGATE_SCREENSHOTS")
	if directory == "" {
		return
	}
	data, err := content()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, name), data, 0o666); err != nil {
		t.Fatal(err)
	}
}
