// Package servers starts the servers that the tests of stores run against: on free
// ports of the loopback address, with their data in temporary directories. A test can
// kill a server, stop it and start it again.
package servers

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
)

// Need skips the test if the command is not installed. If CI is true, it fails the
// test instead.
func Need(t testing.TB, command, debianPackage string) {
	t.Helper()
	if _, err := exec.LookPath(command); err == nil {
		return
	}
	sentence := fmt.Sprintf("%s is not installed, and this test starts one; with apt-get it is the package %s", command, debianPackage)
	if os.Getenv("CI") == "true" {
		t.Fatal(sentence)
	}
	t.Skip(sentence)
}

// freePort returns a port of the loopback address on which nothing listens. It is
// below the ports that connections begin from.
func freePort() (int, error) {
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if port = port%10000 + 10000; isFree(port) && isFree(port+busOffset) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("servers: no free port of the loopback address was found")
}

func isFree(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// busOffset is how far above its port a node of a Redis Cluster listens too.
const busOffset = 10000
