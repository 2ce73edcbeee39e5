package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/reference"
)

func TestOpenAPIDocumentIsValid(t *testing.T) {
	directory := modules(t)
	page, err := reference.New(reference.Config{
		Title: "Errors", APIURL: "https://api.example", TokenURL: "https://auth.example/oauth/token",
		Answers: bearergate.Config{ReferenceURL: "https://api.example/errors"},
	})
	if err != nil {
		t.Fatal(err)
	}
	document := page.OpenAPI()
	for name, c := range map[string]struct {
		document string
		valid    bool
	}{
		"as it is":       {string(document), true},
		"with no schema": {strings.Replace(string(document), `"scheme": "bearer"`, `"schema": "bearer"`, 1), false},
	} {
		file := filepath.Join(directory, "openapi.json")
		if err := os.WriteFile(file, []byte(c.document), 0o666); err != nil {
			t.Fatal(err)
		}
		output, err := try(directory, "node", "validate.mjs", file)
		if (err == nil) != c.valid || c.valid && !strings.Contains(output, "valid: 3.1") {
			t.Errorf("%s: got %v, %s; want valid: %t", name, err, output, c.valid)
		}
	}
}
