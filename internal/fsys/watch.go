package fsys

// Watching wakes somebody who waits for a file to go away. It is made by
// [Watch] and says nothing by itself: who is woken looks, and who is not woken
// looks too, now and then. So an event that is lost costs time, and one too
// many a look, but neither can make anything wrong.
type Watching struct {
	wake chan struct{}
	end  func() // may be called again
}

// Watch tells when the file that name names now may have been removed,
// renamed, replaced, written, changed in its attributes, or closed by somebody
// who had it open for writing. It opens nothing and follows no link; whatever
// name is, that is what it watches.
//
// It watches this one file, not the name: a file that takes the name later
// makes no event, except that it took the name from this one. So the order is:
// watch, then open and look. What is found is the file that is watched, or
// there is a wake-up to come (unless a directory above it was exchanged). Once
// woken, watch again, because the name may be another file's; and close the old
// Watching after that, so that what they share is not given up in between.
//
// Who watches and also opens the file for writing wakes himself by closing it.
//
// The kernel tells only of what is done through itself: not of what other
// machines do on a network filesystem.
//
// The error is a *fs.PathError: fs.ErrNotExist when there is no such file,
// fs.ErrPermission when it must not be read, errors.ErrUnsupported where there
// is nothing to watch with or d is not a directory of [Real], and the
// operating system's when a limit is reached (EMFILE, ENFILE, ENOSPC). After
// any but the first the name has to be looked at now and then instead.
func Watch(d Dir, name string) (*Watching, error) { return watch(d, name) }

// C receives when something may have happened. However much happens, one
// receive is all that waits. It is never closed.
func (w *Watching) C() <-chan struct{} { return w.wake }

// Close ends the watch: nothing is sent from then on, but what was sent before
// can still be received. It does not wait for anything, may be called more
// than once and by any goroutine. A Watching that is dropped without Close
// keeps a descriptor and a goroutine for as long as the process runs.
func (w *Watching) Close() { w.end() }
