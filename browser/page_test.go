package browser

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/bearergate/bearergate"
)

// TestReferencePage shows the page of the quickstart in one browser.
//
// Rules: S1.37.
func TestReferencePage(t *testing.T) {
	browser := newBrowser(t)
	directory := modules(t)
	url := serveQuickstart(t)
	t.Run("has a valid OpenAPI document", func(t *testing.T) {
		t.Parallel()
		testOpenAPI(t, url+"?format=openapi", directory)
	})
	for name, test := range map[string]func(*testing.T, func(screen) *tab){
		"is accessible on every screen":            testAccessible(readFile(t, directory, "node_modules", "axe-core", "axe.min.js")),
		"does not scroll sideways":                 testNoOverflow,
		"every request gets the documented answer": testRequests,
		"works by keyboard":                        testKeyboard,
		"reads the same without scripts":           testWithoutScripts,
		"copies a snippet":                         testCopies,
		"has JavaScript that parses":               testSnippetsParse,
		"has JavaScript that acts on the table":    testSnippetsAct,
		"prints on white paper, without controls":  testPrints,
		"leads a code to its section":              testAnchor,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, func(s screen) *tab { return open(t, browser, url, s) })
		})
	}
}

func testAccessible(axe string) func(*testing.T, func(screen) *tab) {
	return func(t *testing.T, open func(screen) *tab) {
		printed := wide()
		printed.media = "print"
		p := open(wide())
		sendAll(p)
		evaluate[chromedp.Void](p, axe)
		for _, s := range []screen{wide(), wide().dark(), narrow(), narrow().dark(), printed} {
			p.show(s)
			for _, violation := range evaluate[[]string](p, `axe.run({resultTypes: ["violations"]}).then(({violations}) =>
				violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => v.id + " at " + v.nodes.map((n) => n.target).join(" ")))`) {
				t.Errorf("%v: got %s", s, violation)
			}
		}
	}
}

func testNoOverflow(t *testing.T, open func(screen) *tab) {
	p := open(wide())
	sendAll(p)
	for _, width := range []int64{320, 360, 600, 768, 1024, 1280} {
		p.show(screen{width: width, height: 800, scheme: "light"})
		for _, language := range []string{"curl", "go", "javascript"} {
			evaluate[chromedp.Void](p, fmt.Sprintf(`document.getElementById("in-%s").click()`, language))
			got := evaluate[[]string](p, `[...document.querySelectorAll("body *")].filter((e) =>
				!e.closest(".hidden, thead") && (e.getBoundingClientRect().right > innerWidth + .5 || e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "visible")
			).map((e) => e.tagName + " " + e.className)`)
			if scroll := evaluate[int64](p, `document.documentElement.scrollWidth`); scroll > width || len(got) > 0 {
				t.Errorf("%d wide, %s: got a width of %d and %q beyond it", width, language, scroll, got)
			}
		}
	}
}

// sendAll sends every request, and waits for the answers.
func sendAll(p *tab) {
	p.t.Helper()
	evaluate[chromedp.Void](p, `for (const panel of document.querySelectorAll("[data-request]")) {
		panel.querySelector(".result").replaceChildren();
		panel.querySelector(":scope > button").click();
	}`)
	p.wait(`[...document.querySelectorAll(".result")].every((result) => result.textContent)`)
}

func testRequests(t *testing.T, open func(screen) *tab) {
	first, second := open(wide()), open(narrow())
	for range 3 {
		for _, p := range []*tab{first, second} {
			sendAll(p)
			answers := evaluate[map[string]string](p, `Object.fromEntries([...document.querySelectorAll("[data-request]")].map((panel) =>
				[panel.closest("section").id, panel.querySelector(".result").textContent]))`)
			for _, code := range bearergate.Codes() {
				checkAnswer(t, code, answers[string(code)])
			}
		}
	}
	for _, p := range []*tab{first, second} {
		keep(t, "answers-"+p.screen.String()+".png", func() ([]byte, error) {
			evaluate[chromedp.Void](p, `document.querySelector("#missing_scope .try").scrollIntoView()`)
			return chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		})
	}
}

func checkAnswer(t *testing.T, code bearergate.Code, got string) {
	t.Helper()
	want := []string{
		fmt.Sprintf("HTTP %d %s\n", code.Status(), http.StatusText(code.Status())),
		"\nCache-Control: no-store\n", "\nContent-Type: application/json\n",
		"#" + string(code) + `>; rel="help"`,
		`{"error":"` + string(code) + `"`,
	}
	for _, text := range append(want, headers()[code]...) {
		if !strings.Contains(got, text) {
			t.Errorf("%s: got the answer\n%s\nwant %q in it", code, got, text)
		}
	}
}

// headers returns text of the answers that is not the same for all codes.
func headers() map[bearergate.Code][]string {
	return map[bearergate.Code][]string{
		bearergate.ErrInvalidRequest:         {`Www-Authenticate: Bearer realm="translations", error="invalid_request"`},
		bearergate.ErrInvalidGrant:           {"Pragma: no-cache"},
		bearergate.ErrInvalidToken:           {`Www-Authenticate: Bearer realm="translations", error="invalid_token"`},
		bearergate.ErrMissingScope:           {`error="insufficient_scope", scope="translations:publish"`, `"required":"translations:publish"`},
		bearergate.ErrRateLimited:            {"Retry-After: ", `Ratelimit: "installation";r=0;t=`, `Ratelimit-Policy: "installation";q=1000;w=60`},
		bearergate.ErrInvalidClient:          {`Www-Authenticate: Basic realm="translations"`, "Pragma: no-cache"},
		bearergate.ErrTemporarilyUnavailable: {"Retry-After: 5"},
	}
}

// testKeyboard presses Tab from the beginning to the end of the page.
func testKeyboard(t *testing.T, open func(screen) *tab) {
	for _, s := range []screen{wide(), narrow()} {
		p := open(s)
		p.press(kb.Tab)
		if got := evaluate[string](p, `document.activeElement.textContent`); got != "Skip to the errors" {
			t.Errorf("%v: got %q first, want the link to the errors", s, got)
		}
		var got []string
		for range 300 {
			focused := evaluate[struct {
				Name    string
				Body    bool
				Button  bool
				Visible bool
				Where   string
			}](p, `(() => {
				const e = document.activeElement;
				const shown = e.matches("input") ? e.nextElementSibling : e;
				const style = getComputedStyle(shown), box = shown.getBoundingClientRect();
				const hit = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
				const covered = !(hit && (e.contains(hit) || shown.contains(hit)));
				return {
					name: e.getAttribute("aria-label") ?? e.textContent, body: e === document.body, button: e.matches("button"),
					where: [style.outline, box.top, box.bottom, innerHeight, covered].join(" "),
					visible: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.top >= -1 && box.bottom <= innerHeight + 1 && !covered && box.height > 0,
				};
			})()`)
			if focused.Body {
				break
			}
			if !focused.Visible {
				t.Errorf("%v: the focus on %q is not visible: %s", s, focused.Name, focused.Where)
			}
			if focused.Button {
				got = append(got, focused.Name)
			}
			p.press(kb.Tab)
		}
		want := evaluate[[]string](p, `[...document.querySelectorAll("button")].filter((b) => b.checkVisibility()).map((b) => b.getAttribute("aria-label"))`)
		if !slices.Equal(got, want) || len(want) < 3*len(bearergate.Codes()) {
			t.Errorf("%v: got to the buttons %q by Tab, want %q", s, got, want)
		}
	}
	p := open(wide())
	evaluate[chromedp.Void](p, `document.querySelector("#rate_limited [data-request] > button").focus()`)
	p.press(kb.Enter)
	p.wait(`document.querySelector("#rate_limited .result").textContent.includes("429")`)
	evaluate[chromedp.Void](p, `document.getElementById("in-curl").focus()`)
	p.press(kb.ArrowRight)
	p.wait(`document.querySelector("#rate_limited .go").checkVisibility() && !document.querySelector("#rate_limited .curl").checkVisibility()`)
}

func testWithoutScripts(t *testing.T, open func(screen) *tab) {
	off := wide()
	off.withoutScript = true
	const text = `(() => {
		for (const added of document.querySelectorAll("button, .hidden")) added.remove();
		return document.body.innerText;
	})()`
	without := open(off)
	if got := evaluate[int](without, `document.querySelectorAll("button").length`); got != 0 {
		t.Errorf("got %d buttons that need a script, want none", got)
	}
	got, want := evaluate[string](without, text), evaluate[string](open(wide()), text)
	if got != want || len(got) < 5000 {
		t.Errorf("got the text\n%s\nwant that of the page with scripts\n%s", got, want)
	}
}

func testCopies(t *testing.T, open func(screen) *tab) {
	p := open(wide())
	evaluate[chromedp.Void](p, `navigator.clipboard.writeText = async (text) => { window.copied = text; };`)
	evaluate[chromedp.Void](p, `document.querySelector("#invalid_token .curl button").click()`)
	p.wait(`document.querySelector("#invalid_token .curl button").textContent === "Copied"`)
	got := evaluate[string](p, `window.copied`)
	if want := evaluate[string](p, `document.querySelector("#invalid_token .curl code").textContent`); got != want || !strings.Contains(got, "curl -i ") {
		t.Errorf("got %q copied, want %q", got, want)
	}
}

// testSnippetsParse has the browser parse each snippet as the body of a function.
func testSnippetsParse(t *testing.T, open func(screen) *tab) {
	p := open(wide())
	snippets := evaluate[[]string](p, `[...document.querySelectorAll(".javascript code")].map((code) => code.textContent)`)
	if want := 1 + len(bearergate.Codes()); len(snippets) != want {
		t.Errorf("got %d snippets, want %d", len(snippets), want)
	}
	for _, code := range snippets {
		if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[chromedp.Void]("(async () => {\n"+code+"\n}) && 0")); err != nil {
			t.Errorf("got %v in\n%s", err, code)
		}
	}
}

// testSnippetsAct has the code of the page read answers of the API and of others.
func testSnippetsAct(t *testing.T, open func(screen) *tab) {
	p := open(wide())
	setup := evaluate[string](p, `document.querySelector("#setup .javascript code").textContent`)
	for _, c := range []struct{ answer, want string }{
		{`"{}", {status: 200}`, "passed"},
		{`'{"error":"invalid_token"}', {status: 401}`, "invalid_token [] 1"},
		{`'{"error":"missing_scope","required":"a b"}', {status: 403}`, "missing_scope [a,b] 1"},
		{`'{"error":"missing_scope"}', {status: 403}`, "missing_scope [] 1"},
		{`'{"error":"rate_limited"}', {status: 429, headers: {"Retry-After": "60"}}`, "rate_limited [] 60"},
		{`'{"error":"grant_revoked"}', {status: 502}`, "undefined [] 1"},
		{`'{"error":"made_up"}', {status: 401}`, "undefined [] 1"},
		{`'{"error":{}}', {status: 401}`, "undefined [] 1"},
		{`"null", {status: 502}`, "undefined [] 1"},
		{`"<html>", {status: 502}`, "undefined [] 1"},
	} {
		got := evaluate[string](p, `(async () => {`+setup+`
			return check(new Response(`+c.answer+`)).then(() => "passed", (e) => e instanceof ApiError ? `+"`${e.code} [${e.required}] ${e.retryAfter}`"+` : String(e));
		})()`)
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.answer, got, c.want)
		}
	}
}

func testPrints(t *testing.T, open func(screen) *tab) {
	p := open(wide().dark())
	pdf, err := chromedp.Run(p.ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4)))
	if err != nil || len(pdf) < 10_000 {
		t.Fatalf("got a PDF of %d bytes, %v", len(pdf), err)
	}
	keep(t, "print.pdf", func() ([]byte, error) { return pdf, nil })
	for _, s := range []screen{wide(), wide().dark(), narrow(), narrow().dark()} {
		keep(t, s.String()+".png", func() ([]byte, error) {
			p.show(s)
			return chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
		})
	}
	printed := wide().dark()
	printed.media = "print"
	p.show(printed)
	if got := evaluate[string](p, `getComputedStyle(document.body).backgroundColor`); got != "rgb(255, 255, 255)" {
		t.Errorf("got the background %s on paper, want white", got)
	}
	if got := evaluate[int](p, `[...document.querySelectorAll("button, nav, fieldset")].filter((e) => e.checkVisibility()).length`); got != 0 {
		t.Errorf("got %d controls on paper, want none", got)
	}
	if got := evaluate[int](p, `[...document.querySelectorAll(".snippet")].filter((e) => !e.checkVisibility()).length`); got != 0 {
		t.Errorf("got %d snippets that are not on paper, want all there", got)
	}
}

func testAnchor(t *testing.T, open func(screen) *tab) {
	p := open(narrow())
	for _, code := range bearergate.Codes() {
		evaluate[chromedp.Void](p, fmt.Sprintf(`location.hash = %q`, string(code)))
		p.wait(fmt.Sprintf(`(() => {
			const heading = document.querySelector("#%s h2").getBoundingClientRect(), bar = document.querySelector("aside").getBoundingClientRect();
			return heading.top >= bar.bottom && heading.bottom <= innerHeight;
		})()`, code))
	}
}
