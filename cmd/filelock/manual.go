package main

// runLeases is about leases in the help of run.
const runLeases = `
A soft lock on a network filesystem has a lease of 60s, or as --lease says; with
--lease a local one has, too. run renews it for as long as it runs, and when it
could not for all of it (frozen, suspended, cut off from the server) the lock is
lost: others may take it. If run itself can run, it knows before they do, ends
COMMAND as --on-lost says, and exits with 75. ` + onlyRunStopped + `
What COMMAND writes then a resource can reject by its fence: a number that is
higher in each acquisition. What a directory can be trusted with, filelock doctor
DIR finds out.
`
