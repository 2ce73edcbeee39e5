package servers

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy forwards TCP connections to a server. A test can cut them, let them hang and
// slow them down.
type Proxy struct {
	// Addr is its address.
	Addr string

	listener net.Listener
	target   string

	mu     sync.Mutex
	held   *sync.Cond
	holds  bool
	refuse bool
	delay  time.Duration
	open   map[net.Conn]bool
}

// NewProxy starts a proxy for one test.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: listener.Addr().String(), listener: listener, target: target, open: make(map[net.Conn]bool)}
	p.held = sync.NewCond(&p.mu)
	go p.serve()
	t.Cleanup(func() { listener.Close(); p.Heal(); p.cut() })
	return p
}

// Cut closes all connections, and new ones until [Proxy.Heal].
func (p *Proxy) Cut() {
	p.set(func() { p.refuse = true })
	p.cut()
}

// Hold forwards nothing more until [Proxy.Heal]: the connections stay open.
func (p *Proxy) Hold() { p.set(func() { p.holds = true }) }

// Slow forwards everything this much later.
func (p *Proxy) Slow(delay time.Duration) { p.set(func() { p.delay = delay }) }

// Heal forwards again.
func (p *Proxy) Heal() { p.set(func() { p.holds, p.refuse, p.delay = false, false, 0 }) }

func (p *Proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.held.Broadcast()
}

func (p *Proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		conn.Close()
	}
	clear(p.open)
}

func (p *Proxy) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.connect(conn)
	}
}

func (p *Proxy) connect(from net.Conn) {
	p.pass()
	to, err := net.Dial("tcp", p.target)
	if err != nil {
		from.Close()
		return
	}
	if !p.keep(from, to) {
		from.Close()
		to.Close()
		return
	}
	go p.forward(from, to)
	p.forward(to, from)
}

func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		p.open[conn] = true
	}
	return !p.refuse
}

func (p *Proxy) forward(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		p.pass()
		if _, writeErr := to.Write(buffer[:n]); writeErr != nil || err != nil {
			return
		}
	}
}

// pass waits as long as the proxy holds or delays.
func (p *Proxy) pass() {
	p.mu.Lock()
	for p.holds {
		p.held.Wait()
	}
	delay := p.delay
	p.mu.Unlock()
	time.Sleep(delay)
}
