// Package simfs is a filesystem that is a value: one directory with one name
// that matters, the inodes behind it, and what each process has open. A value
// can be copied, compared and hashed, so that a search can go from state to
// state; and it is small enough to be gone through completely.
//
// What it says is what a local filesystem with flock(2) says: a test makes the
// same random calls here, on tmpfs and on the disk's filesystem, and compares
// the answers. Contents are symbols: a record is a number here, and its bytes
// are made by whoever reads it.
package simfs

import "slices"

// Ino is an inode number; 0 is none.
type Ino uint8

// Form is what the bytes of a file are.
type Form uint8

const (
	Empty Form = iota
	Torn       // the beginning of a record
	Mixed      // a record written over other bytes, not as one
	Whole      // a whole record
)

// Content is what a file holds. Rec says which record; 0 unless Whole.
type Content struct {
	Form Form
	Rec  uint8
}

// Mode is a kernel lock on an open file.
type Mode uint8

const (
	None Mode = iota
	Shared
	Exclusive
)

// FD is an open file. The zero FD is closed.
type FD struct {
	Ino  Ino
	Lock Mode
}

const (
	Inodes    = 32 // numbers 1 to 31
	Processes = 5
	Files     = 2 // that one process has open at once
)

// World is the filesystem and what is open in it.
type World struct {
	Named Ino // what the name means; 0: nothing
	Data  [Inodes]Content
	Open  [Processes][Files]FD
	Aside [Processes]Ino // what a name of each process's own means
}

// Exists: the inode has a name or is open somewhere. Only then is its number
// taken; another file may have it as soon as that is over.
func (w *World) Exists(i Ino) bool {
	if w.Named == i || slices.Contains(w.Aside[:], i) {
		return true
	}
	for p := range w.Open {
		for _, f := range w.Open[p] {
			if f.Ino == i {
				return true
			}
		}
	}
	return false
}

// Create is open(O_CREAT|O_EXCL): the descriptor, or false when the name is
// there. The new file gets the inode number that the caller chose.
func (w *World) Create(p int, number Ino) (fd int, ok bool) {
	if w.Named != 0 {
		return 0, false
	}
	w.Named, w.Data[number] = number, Content{}
	return w.open(p, number), true
}

// OpenFile is open(2): the descriptor, or false when there is no such name.
func (w *World) OpenFile(p int) (fd int, ok bool) {
	if w.Named == 0 {
		return 0, false
	}
	return w.open(p, w.Named), true
}

func (w *World) open(p int, i Ino) int {
	for fd := range w.Open[p] {
		if w.Open[p][fd].Ino == 0 {
			w.Open[p][fd] = FD{Ino: i}
			return fd
		}
	}
	panic("simfs: a process has more files open than there is room for")
}

// Unlink takes the name away; false when there is none.
func (w *World) Unlink() bool {
	there := w.Named != 0
	w.Named = 0
	return there
}

// MoveAside renames the file to the process's own name; false when there is
// none. MoveBack links it to the name again, and then its own name goes away;
// false, and then the file goes with it, when there is a file by now.
func (w *World) MoveAside(p int) bool {
	there := w.Named != 0
	w.Aside[p], w.Named = w.Named, 0
	return there
}

func (w *World) MoveBack(p int) bool {
	free := w.Named == 0
	if free {
		w.Named = w.Aside[p]
	}
	w.Aside[p] = 0
	return free
}

// Drop removes the process's own name.
func (w *World) Drop(p int) { w.Aside[p] = 0 }

// TryLock is flock(LOCK_NB). A lock held by the same descriptor is dropped
// first, also when the new one is refused: so on Linux. The BSDs keep the old
// one then, which excludes more.
func (w *World) TryLock(p, fd int, m Mode) bool {
	f := &w.Open[p][fd]
	f.Lock = None
	for q := range w.Open {
		for _, g := range w.Open[q] {
			if g.Ino == f.Ino && (g.Lock == Exclusive || g.Lock == Shared && m == Exclusive) {
				return false
			}
		}
	}
	f.Lock = m
	return true
}

// Unlock drops the descriptor's kernel lock, if it has one.
func (w *World) Unlock(p, fd int) { w.Open[p][fd].Lock = None }

// Locked says whether another process has a kernel lock on the inode.
func (w *World) Locked(i Ino, but int) bool {
	for p := range w.Open {
		for _, f := range w.Open[p] {
			if p != but && f.Ino == i && f.Lock != None {
				return true
			}
		}
	}
	return false
}

// Close closes a descriptor, and its kernel lock ends.
func (w *World) Close(p, fd int) { w.Open[p][fd] = FD{} }

// Read is the contents of an open file.
func (w *World) Read(p, fd int) Content { return w.Data[w.Open[p][fd].Ino] }

// Write replaces the contents of an open file, as a write at offset 0 does of
// what is at least as long. What is shorter leaves an end of what was there:
// whoever writes that has to say what it makes.
func (w *World) Write(p, fd int, c Content) { w.Data[w.Open[p][fd].Ino] = c }

// Truncate empties an open file.
func (w *World) Truncate(p, fd int) { w.Write(p, fd, Content{}) }

// HalfWritten is what a reader may find while something is being written over
// old, and what may be left when the writer is killed in between. The bytes
// over others are those of a mixture, or only the beginning of the new record:
// when that is longer than what was there, and the size follows the bytes.
func HalfWritten(old Content) []Content {
	if old.Form == Empty {
		return overNothing
	}
	return overBytes
}

var (
	overNothing = []Content{{Form: Torn}}
	overBytes   = []Content{{Form: Mixed}, {Form: Torn}}
)

// Kill ends a process: all its descriptors are closed.
func (w *World) Kill(p int) { w.Open[p] = [Files]FD{} }
