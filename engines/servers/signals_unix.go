//go:build unix

package servers

import (
	"errors"
	"fmt"
	"syscall"
)

// Stop suspends the process: its connections stay, and nothing answers.
func (p *Process) Stop() error { return p.running.Process.Signal(syscall.SIGSTOP) }

// Continue ends a [Process.Stop].
func (p *Process) Continue() error { return p.running.Process.Signal(syscall.SIGCONT) }

// Stop suspends the server with all its sessions.
func (p *Postgres) Stop() error { return p.signal(syscall.SIGSTOP) }

// Continue ends a [Postgres.Stop].
func (p *Postgres) Continue() error { return p.signal(syscall.SIGCONT) }

// signal sends a signal to the server and its children, the sessions.
func (p *Postgres) signal(signal syscall.Signal) error {
	pids, err := p.processes()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("servers: %w", err)
		}
	}
	return nil
}

func (p *Postgres) killSessions() { p.signal(syscall.SIGKILL) }
