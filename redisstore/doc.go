// Package redisstore shares budgets, codes, tokens and connections between processes
// through Redis, alone, with Sentinel or as a Cluster.
package redisstore
