//go:build !unix

package servers

import "errors"

var errNoSignals = errors.New("servers: this system cannot suspend a process")

// Stop suspends the process, on other systems.
func (p *Process) Stop() error { return errNoSignals }

// Continue ends a [Process.Stop].
func (p *Process) Continue() error { return errNoSignals }

func (p *Postgres) killSessions() {}
