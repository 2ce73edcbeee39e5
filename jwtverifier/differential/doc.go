// Package differential asks three other libraries for a second opinion: tokens and
// key sets that package jwtverifier accepts or refuses are given to jwx v3, go-jose
// and golang-jwt as well. Each difference must be in the table of
// docs/second-opinion.md. It contains only tests.
package differential
