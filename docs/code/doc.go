// Package code has the Go code of the pages in docs, so that it is compiled and
// run. It has tests alone.
package code
