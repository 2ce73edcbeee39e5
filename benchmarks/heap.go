package main

import "runtime"

// ballastSize is the heap that a real program has beside the guards.
const ballastSize = 128 << 20

// besideHeap lets the collector run as seldom as in a real program until release is
// called. On an empty heap it runs every few megabytes.
func besideHeap() (release func()) {
	ballast := make([]byte, ballastSize)
	return func() { runtime.KeepAlive(ballast) }
}
