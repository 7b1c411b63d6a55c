// Package random gives random bytes that nobody can guess, as package
// crypto/rand does, to a process that needs few of them and soon.
package random
