// Package interop has other people's OAuth clients complete the flow against the
// token endpoint, and see its errors. It has tests alone.
package interop
