package interop

import (
	"crypto/x509"
	"encoding/base64"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestJavaScriptClients runs the programs in the directory javascript, one for
// each client.
//
// Rules: S1.32, S1.33, S7.13, S7.14, S7.15, S7.16, S7.18.
func TestJavaScriptClients(t *testing.T) {
	needNode(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("javascript")); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund")
	key, err := x509.MarshalPKCS8PrivateKey(signingKey)
	if err != nil {
		t.Fatal(err)
	}
	for client, secrets := range map[string][]string{
		"oauth4webapi":  {secret, asciiSecret, escapedSecret},
		"openid-client": {secret, asciiSecret, escapedSecret},
		"simple-oauth2": {asciiSecret, escapedSecret}, // refuses other than ASCII itself
		"badgateway":    {asciiSecret, escapedSecret}, // sends other than ASCII as Latin-1
	} {
		for _, secret := range secrets {
			t.Run(client+" "+secret, func(t *testing.T) {
				if output := run(t, dir, "node", client+".js", newServer(t).URL, secret, base64.StdEncoding.EncodeToString(key)); !strings.Contains(output, ": complete") {
					t.Errorf("got %s, want complete", output)
				}
			})
		}
	}
}

// needNode skips a test without Node.js, except in CI.
func needNode(t *testing.T) {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		_, err := exec.LookPath(program)
		switch {
		case err == nil:
		case os.Getenv("CI") == "true":
			t.Fatal(err)
		default:
			t.Skipf("needs %s, of Node.js 20 or newer: https://nodejs.org", program)
		}
	}
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	command := exec.Command(name, args...)
	command.Dir = dir
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, output)
	}
	return string(output)
}
