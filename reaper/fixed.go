package reaper

import "fmt"

// fixedError is what fmt.Errorf makes, for an error that is a variable of the
// package: it is put into words by whoever reads it, and not whenever a program
// starts that has this package in it.
type fixedError struct {
	format string
	of     []error // what it matches, in the order of the format's verbs
}

func fixed(format string, of ...error) error { return &fixedError{format, of} }

func (e *fixedError) Error() string {
	args := make([]any, len(e.of))
	for i, err := range e.of {
		args[i] = err
	}
	return fmt.Sprintf(e.format, args...)
}

func (e *fixedError) Unwrap() []error { return e.of }
