//go:build !race

package bearergate_test

const raceEnabled = false
