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

// Break removes the lock at path if its owner is dead or its lease over, or as
// Options.Token and Options.Force widen that; nil means that what was judged
// (and nothing else) is gone, or that there was nothing. A lock whose kernel
// lock somebody holds is never removed. The Status is what was judged.
// Errors: ErrRefused (with *RefusedError), ErrChanged, ErrNetwork, ErrForgeable,
// or the operating system's.
func Break(ctx context.Context, path string, o Options) (Status, error) {
	return real.Break(ctx, path, o)
}

// Scan yields every lock below dir, in no particular order, in bounded memory:
// every regular file that begins as our records do, whatever its name. An
// entry that could not be read is yielded with its error, and the scan goes
// on. It follows no symbolic link, and of a tree more than 512 directories deep
// it yields the rest with an error.
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
