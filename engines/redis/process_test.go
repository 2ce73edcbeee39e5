package redis_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// processVariable names, in the environment, what a further process of the test
// binary does.
const processVariable = "BEARERGATE_ENGINES_PROCESS"

// patience is how long a test waits for something that ought to happen at once.
const patience = 5 * time.Second

// processes are what further processes of the test binary can do. Each reads one
// line, its input, writes "ready", reads the line "go", and writes its result.
var processes = map[string]func(input json.RawMessage, start func()) any{}

func runProcess(name string) {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	lines.Scan()
	result := processes[name](json.RawMessage(lines.Bytes()), func() {
		fmt.Println(`"ready"`)
		lines.Scan()
	})
	json.NewEncoder(os.Stdout).Encode(result)
}

// child is a further process of the test binary.
type child struct {
	t   *testing.T
	in  io.WriteCloser
	out *json.Decoder
	cmd *exec.Cmd
}

// spawn starts a further process and waits until it is ready.
func spawn(t *testing.T, name string, input any) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), processVariable+"="+name)
	cmd.Stderr = os.Stderr
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if inErr != nil || outErr != nil {
		t.Fatal(inErr, outErr)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	c := &child{t, in, json.NewDecoder(out), cmd}
	if err := json.NewEncoder(in).Encode(input); err != nil {
		t.Fatal(err)
	}
	var ready string
	c.read(&ready)
	return c
}

func (c *child) begin() {
	c.t.Helper()
	if _, err := io.WriteString(c.in, "go\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *child) read(result any) {
	c.t.Helper()
	if err := c.out.Decode(result); err != nil {
		c.t.Fatalf("reading from another process: %v", err)
	}
}
