// Package outages runs a small API through outages and attacks, records what its metrics
// and its log show, and makes docs/outages.md with its pictures of the recordings:
//
//	go generate ./internal/outages
//
// A run is in the bubble of testing/synctest: hours pass in milliseconds, and a second
// run records the same. So the tests repeat every run, and compare it with the recording.
// The API has the guards, the token endpoint and the mint route of bearergate. Its
// network is in memory, and its stores are switches that fail or hang.
package outages

//go:generate go test -count=1 -run TestRecordings . -record
