package reference_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/reference"
)

// blocks returns the blocks of code in a language.
func blocks(page *reference.Page, language string) (list []string) {
	text := get(page, "/?format=markdown").Body.String()
	for _, m := range regexp.MustCompile("(?ms)^(`{3,})"+language+"\n(.*?)^`{3,}$").FindAllStringSubmatch(text, -1) {
		list = append(list, m[2])
	}
	return list
}

// TestGoSnippetsCompile has each snippet as the body of a function of an app.
func TestGoSnippetsCompile(t *testing.T) {
	imports := importer.ForCompiler(token.NewFileSet(), "gc", exports(t))
	for name, change := range map[string]func(*reference.Config){
		"as it is":   func(*reference.Config) {},
		"no minting": func(c *reference.Config) { c.MintURL, c.Scopes = "", nil },
		"quotes":     func(c *reference.Config) { c.APIURL = "https://api.example/\"a`b\\" },
	} {
		c := complete()
		change(&c)
		found := blocks(newPage(t, c), "go")
		if want := 1 + len(bearergate.Codes()); len(found) != want {
			t.Fatalf("got %d snippets, want %d", len(found), want)
		}
		for _, code := range found {
			if err := compile(imports, code); err != nil {
				t.Errorf("%s: got %v in\n%s", name, err, code)
			}
		}
	}
}

// exports returns the lookup of what packages export, from the build cache.
func exports(t *testing.T) importer.Lookup {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "github.com/bearergate/bearergate/client", "log")
	output, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for line := range strings.Lines(string(output)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }
}

func compile(imports types.Importer, code string) error {
	source := `package app

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

var _ = []any{errors.Is, fmt.Errorf, log.Print, time.AfterFunc, bearergate.ErrForbidden}

func app(ctx context.Context, transport *client.Transport, api *http.Client, callback *http.Request, begun client.Authorization,
	clientID, clientSecret string, connections client.ConnectionStore, tryAgain func()) error {
	{
` + code + `
	}
	return nil
}
`
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "app.go", source, 0)
	if err != nil {
		return err
	}
	config := types.Config{Importer: imports, Error: func(err error) {
		if !strings.Contains(err.Error(), "declared and not used: api") {
			panic(err)
		}
	}}
	return check(&config, files, file)
}

func check(config *types.Config, files *token.FileSet, file *ast.File) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%v", fault)
		}
	}()
	config.Check("app", files, []*ast.File{file}, nil)
	return nil
}

// TestShellReadsCommandsAsTheyAreMeant has a function for curl that prints its arguments.
func TestShellReadsCommandsAsTheyAreMeant(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("needs sh, of any Unix")
	}
	c := complete()
	c.APIURL = "https://api.example/it's/$(id)"
	c.Examples[bearergate.ErrForbidden] = []reference.Example{{
		Title: "x", Method: "PUT", Path: "/a'b?c=$d&e=`f`", Header: map[string]string{"X": `'"; exit 1 #`}, Body: "@file\n'$x'",
	}, {
		Title: "what curl would expand", Path: "/v1?filter[id]={a,b}",
	}, {
		Title: "an empty field", Path: "/", Header: map[string]string{"X": ""},
	}, {
		Title: "a HEAD", Method: "HEAD", Path: "/",
	}, {
		Title: "a form that names a file", Method: "POST", Path: "/", Body: "a=b&@c", Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	}}
	var got []string
	for _, code := range blocks(newPage(t, c), "sh") {
		command := exec.Command(shell)
		command.Stdin = strings.NewReader(`curl() { for a; do printf '<%s>' "$a"; done; echo; }; jq() { cat; }; set -e; ` + "\n" + code)
		output, err := command.CombinedOutput()
		if err != nil {
			t.Errorf("got %v, %s for\n%s", err, output, code)
		}
		if strings.HasPrefix(code, "curl -i ") {
			got = append(got, string(output))
		}
		if strings.Contains(code, "$(id)") && !strings.Contains(string(output), "<https://api.example/it's/$(id)/v1/me>") && !strings.Contains(code, "%{http_code}") {
			t.Errorf("got the arguments %s of\n%s", output, code)
		}
	}
	want := []string{
		"<-i><https://api.example/oauth/token><-u><app:a secret><-d><grant_type=authorization_code><-d><code=x>\n",
		"<-i><https://api.example/v1/me><-H><Authorization: Bearer expired>\n",
		"<-i><https://api.example/a'b?c=$d&e=`f`><-X><PUT><-H><X: '\"; exit 1 #><--data-raw><@file\n'$x'>\n",
		"<-i><-g><https://api.example/v1?filter[id]={a,b}>\n",
		"<-i><https://api.example/><-H><X;>\n",
		"<-i><https://api.example/><--head>\n",
		"<-i><https://api.example/><-X><POST><-H><Content-Type: application/x-www-form-urlencoded><--data-raw><a=b&@c>\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

func TestSnippetsNameTheURLsOfTheAPI(t *testing.T) {
	page := newPage(t, complete())
	all := func(language string) string { return strings.Join(blocks(page, language), "\n") }
	for language, wants := range map[string][]string{
		"sh": {"https://auth.example/oauth/token", "https://api.example/installations/GRANT_ID/tokens", "https://api.example/v1/me"},
		"go": {`"https://auth.example/oauth/token"`, `"https://api.example/installations/{grantId}/tokens"`, `"https://api.example/v1/me"`},
		"js": {`"https://auth.example/oauth/token"`, `"https://api.example/installations/{grantId}/tokens"`, `"https://api.example/v1/me"`},
	} {
		for _, want := range wants {
			if !strings.Contains(all(language), want) {
				t.Errorf("got no %s in the snippets of %s", want, language)
			}
		}
	}
	c := complete()
	c.Scopes = bearergate.RouteScopes{"POST /v1": nil, "GET api.example/v1/{orgId}/files/{path...}": nil}
	if got := strings.Join(blocks(newPage(t, c), "sh"), "\n"); !strings.Contains(got, "https://api.example/v1/ORG_ID/files/PATH ") {
		t.Errorf("got\n%s\nwant the parameters as words to replace", got)
	}
}
