// Package explore goes through every schedule of a few processes that use one
// lock: the shipped code of packages lock and reaper, on the filesystem of
// package simfs, one call at a time, in every order, with a kill possible
// before each call and in the middle of a write. See PROOF.md for what that
// shows and what it does not.
//
// It goes from state to state rather than from run to run. A [State] is the
// filesystem, and for each process where in its program it stands. That is a
// node of a [Mind]: the tree of everything that the program can hear, which is
// filled in by running the program with the answers that lead to a node. The
// code is so run once for each node, some hundred times, and not once for each
// of the millions of states.
//
// Start with [Config], or with the command in the directory explore.
package explore
