package main

import "testing"

func TestHotTokensAreFoundAgainInACacheWithRoomForAll(t *testing.T) {
	for _, test := range []struct {
		flood flood
		first float64
	}{{flood{16384, 10, true}, 1}, {flood{16384, 10, false}, 0}} {
		rates := test.flood.hitRates()
		if rates[0] != test.first || rates[1] != 1 {
			t.Errorf("%s: got the hit rates %v, want %v and then 1", test.flood, rates, test.first)
		}
	}
}
