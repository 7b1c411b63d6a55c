package reaper

import (
	"context"
	"iter"
)

// Judge says whether the owner of the lock at path is alive, and how it knows.
// A path that does not exist, and a hard lock that nobody holds, have the zero
// Verdict. The error is a *fs.PathError: of the operating system, or one
// matching fsys.ErrIrregular for what is no regular file. Nothing is changed.
func Judge(ctx context.Context, path string) (Judgment, error) {
	st, err := real.Inspect(ctx, path)
	return st.Judgment, err
}

// Inspect is Judge with everything else that was seen.
func Inspect(ctx context.Context, path string) (Status, error) { return real.Inspect(ctx, path) }

// InspectWith is Inspect that takes Options.Network and Options.Patience.
func InspectWith(ctx context.Context, path string, o Options) (Status, error) {
	return real.InspectWith(ctx, path, o)
}

// Break removes the lock at path if its owner is dead or its lease over, or as
// Options.Token and Options.Force widen that; nil means that what was judged
// (and nothing else) is gone, or that there was nothing. A lock whose kernel
// lock somebody holds is never removed. The Status is what was judged.
// Errors: ErrRefused (with *RefusedError, or matching ErrGuarded), ErrChanged, ErrForgeable,
// or the operating system's.
func Break(ctx context.Context, path string, o Options) (Status, error) {
	return real.Break(ctx, path, o)
}

// Scan yields every lock below dir: every regular file that begins as our
// records do, whatever its name. They come in the order in which the filesystem
// lists each directory (it is not sorted), with what is below a directory in its
// place. An entry that could not be read is yielded with its error, and the scan
// goes on. It follows no symbolic link, and of a tree more than 512 directories
// deep it yields the rest with an error.
//
// Memory is bounded however many files there are. While the loop's body runs,
// the next files are looked at, 2,048 at most, so a Status may be a
// second old when it is yielded, and what is known of an owner 100 ms older: for
// a verdict of this moment, ask [Inspect]. The loop's body is never run
// concurrently. When the loop ends, so has everything that was begun for it,
// except for a path that has not answered within Options.Patience, or within
// 50 ms when ctx is done: that is left behind.
func Scan(ctx context.Context, dir string, o Options) iter.Seq2[Status, error] {
	return real.Scan(ctx, dir, o)
}

// Reap breaks every lock below a directory, or the one lock that path names,
// whose owner is dead, and yields what became of each.
func Reap(ctx context.Context, path string, o Options) iter.Seq[Outcome] {
	return real.Reap(ctx, path, o)
}

// Holders lists the live processes that have the lock: those with a kernel
// lock on the file (Linux only, as far as this user may see) and the record's
// owner if it is alive.
func Holders(ctx context.Context, st Status) ([]Holder, error) { return real.Holders(ctx, st) }
