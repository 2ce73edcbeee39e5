// Package secretless marks errors that never hold the whole of a token, so that their
// text need not be searched for one before it is logged.
package secretless

// Refusal is an error that never holds the whole of a token. Only packages of this
// module can implement it, since no other can name [Mark].
type Refusal interface {
	error
	Secretless(Mark)
}

// Mark is the parameter of the method that marks.
type Mark struct{}
