package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Process is a server's process. It ends with the process that started it.
type Process struct {
	// Dir is its directory, with its data and with its output in the file log.
	Dir string

	command     []string
	environment []string // in addition to that of this process
	running     *exec.Cmd
	exited      chan struct{}
}

// Start starts the process, also after [Process.Kill].
func (p *Process) Start() error {
	log, err := os.OpenFile(filepath.Join(p.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("servers: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = p.Dir, log, log, attributes()
	cmd.Env = append(os.Environ(), p.environment...)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("servers: %w", err)
	}
	exited := make(chan struct{})
	go func() { cmd.Wait(); close(exited) }()
	p.running, p.exited = cmd, exited
	return nil
}

// Kill ends the process at once, as kill -9 does, and waits until it has ended.
func (p *Process) Kill() {
	p.running.Process.Kill()
	<-p.exited
}

// awaitReady calls ready until it returns nil or the process has ended.
func (p *Process) awaitReady(ready func() error) error {
	const patience = 20 * time.Second
	began := time.Now()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			log, _ := os.ReadFile(filepath.Join(p.Dir, "log"))
			return fmt.Errorf("servers: %s ended: %s", p.command[0], log)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Since(began) > patience {
			return fmt.Errorf("servers: %s is not ready after %v: %w", p.command[0], patience, err)
		}
	}
}
