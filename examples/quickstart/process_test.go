package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate/client"
)

// asProgram in the environment makes the test binary the quickstart.
const asProgram = "QUICKSTART_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a quickstart that a test can kill and start again.
type process struct {
	base    string
	args    []string
	command *exec.Cmd
}

// newProcess returns a process that was not started.
func newProcess(t *testing.T, args ...string) *process {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows keeps the files of a process that was killed")
	}
	addr := freeAddr(t)
	p := &process{base: "http://" + addr, args: append([]string{"-addr", addr}, args...)}
	t.Cleanup(func() { p.kill() })
	return p
}

// freeAddr returns an address below the ports that connections begin from, so that it
// is still free when a process starts again.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := fmt.Sprintf("127.0.0.1:%d", l.Addr().(*net.TCPAddr).Port%10000+10000)
		l.Close()
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("found no free port")
	return ""
}

// start returns when the process serves.
func (p *process) start() error {
	p.command = exec.Command(os.Args[0], p.args...)
	p.command.Env = append(os.Environ(), asProgram+"=1")
	out, err := p.command.StdoutPipe()
	if err != nil {
		return err
	}
	var stderr strings.Builder
	p.command.Stderr = &stderr
	if err := p.command.Start(); err != nil {
		return err
	}
	var seen strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		fmt.Fprintln(&seen, lines.Text())
		if strings.HasPrefix(lines.Text(), "Serving on "+p.base+" ") {
			go func() {
				for lines.Scan() {
				}
			}()
			return nil
		}
	}
	return fmt.Errorf("it ended: %w\n%s%s", p.command.Wait(), &seen, &stderr)
}

func (p *process) kill() {
	if p.command == nil || p.command.Process == nil {
		return
	}
	p.command.Process.Kill()
	p.command.Wait()
	p.command = nil
}

func (p *process) mustStart(t *testing.T) {
	t.Helper()
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
}

// user is a browser and a client that talk to a process.
func (p *process) user() *tour { return newTour(nil, p.base) }

// transport returns a client for the connections, and the channel that receives the
// error if its connection dies.
func (p *process) transport(t *testing.T, connections client.ConnectionStore) (*client.Transport, <-chan error) {
	t.Helper()
	dead := make(chan error, 1)
	transport, err := client.New(client.Config{
		APIURL: p.base, TokenURL: p.base + tokenPath, MintURL: p.base + mintPath("{grantId}"), ClientID: clientID, ClientSecret: clientSecret,
		AuthorizeURL: p.base + authorizePath, RedirectURL: callback, Issuer: p.base,
		RevokeURL:   p.base + "/api/oauth-client/installations/{grantId}",
		Connections: connections, ConnectionID: "user-1",
		Dead: func(err error) {
			select {
			case dead <- err:
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return transport, dead
}

// connect has the user sign in and consent.
func (p *process) connect(t *testing.T, transport *client.Transport) {
	t.Helper()
	begun, err := transport.Authorize(readProjects)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", begun.URL, consent())
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := p.user().client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatalf("the authorization answered %s: %v", resp.Status, err)
	}
	if err := transport.Connect(t.Context(), begun, back.Query()); err != nil {
		t.Fatal(err)
	}
}

// read reads the projects by a transport.
func (p *process) read(transport *client.Transport) error {
	api := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	resp, err := api.Get(p.base + projects)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return client.CheckResponse(resp)
}

// asksToReconnect reports whether the error ends the connection of an app.
func asksToReconnect(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && (e.Action == client.Reconnect || e.Action == client.RestartAuthorization)
}
