package main

// cannotCreate are the errors of a place where no lock file can be made: here
// errors are texts, of which none is known.
var cannotCreate []error
