package main

import (
	"net/http"
	"time"

	"github.com/bearergate/bearergate"
)

// settings are those of a soak.
type settings struct {
	duration   time.Duration
	least      uint64 // answers: the soak goes on until it has them
	seed       uint64
	workers    int
	rotation   time.Duration // of keys
	algorithms []string      // of keys, in turn
	pace       time.Duration // between changes of grants and of opaque tokens
	failing    float64       // the part of the queries of grants and opaque tokens that fail
	planted    planted
}

// planted are faults that tests plant, to see that they are found.
type planted struct {
	middleware bearergate.Middleware                             // around everything that is configured
	grants     func(bearergate.GrantStore) bearergate.GrantStore // around a cache of grants
	limiter    func(bearergate.Limiter) bearergate.Limiter       // around a store
}

func (p planted) outermost(next http.Handler) http.Handler {
	if p.middleware == nil {
		return next
	}
	return p.middleware(next)
}

func (p planted) cache(g bearergate.GrantStore) bearergate.GrantStore {
	if p.grants == nil {
		return g
	}
	return p.grants(g)
}

func (p planted) store(l bearergate.Limiter) bearergate.Limiter {
	if p.limiter == nil {
		return l
	}
	return p.limiter(l)
}
