//go:build !race

package jwtverifier_test

const raceEnabled = false
