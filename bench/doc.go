// Command bench measures this project beside its peers, in one run.
//
//	go run .                                  # everything: half an hour
//	go run . -short                           # under a minute, to compare two commits
//	go run . -only wake -contestants soft     # one thing of one contestant, and its reference
//
// Every figure is taken in rounds: in each round every contestant runs one
// slice, in an order that changes, so that whatever else the machine does hits
// all of them. A ratio is the median of the rounds' ratios to the reference
// named in the table, which is the bare system calls. README.md says what is
// measured, and how.
//
// Contestants run in processes of their own: this program again, in the role
// "serve" (serve.go), or Python with worker.py. They are told what to do
// through a pipe, and answer through another.
//
// It runs on Linux. Elsewhere it compiles and says so: the bare system calls,
// the clock that processes share and the accounting of CPU time are Linux's.
package main
