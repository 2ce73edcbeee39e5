// Package interop tests the token endpoint with OAuth clients of other projects,
// through the whole flow and its errors. It contains only tests.
package interop
