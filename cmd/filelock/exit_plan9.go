package main

// systemErrors are the exit codes of errors of the system: here errors are
// texts, of which none is known.
var systemErrors []errorsOf

func systemHint(error) string { return "" }
