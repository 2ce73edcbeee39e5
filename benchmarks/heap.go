package main

import "runtime"

// ballastSize is the heap that a real program has beside the guards.
const ballastSize = 128 << 20

// usedHeap makes the heap that of a program which has run for a while, and returns what
// ends that. So much is in use that the collector does not run every few megabytes. The
// garbage of some collections has been where the measurements allocate, so that none of
// them waits until the system has provided a page.
func usedHeap() (release func()) {
	ballast := make([]byte, ballastSize)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for collections := m.NumGC + 3; m.NumGC < collections; runtime.ReadMemStats(&m) {
		for range 100_000 {
			garbage = new([512]byte)
		}
	}
	return func() { runtime.KeepAlive(ballast) }
}

var garbage *[512]byte
