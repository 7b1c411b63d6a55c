//go:build unix || windows

package simfs_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/simfs"
)

const name = "a.lock"

// room: the process can open one more file.
func (b *both) room(p int) bool { return slices.Contains(b.open[p][:], nil) }

// pick is one of a process's open files, false if there is none.
func (b *both) pick(p int, writable bool) (fd int, f fsys.File, ok bool) {
	first := b.rnd.IntN(simfs.Files)
	for n := range simfs.Files {
		fd := (first + n) % simfs.Files
		if f := b.open[p][fd]; f != nil && (b.writable[p][fd] || !writable) {
			return fd, f, true
		}
	}
	return 0, nil, false
}

func create(b *both, p int) bool {
	if !b.room(p) {
		return false
	}
	f, err := b.dir.Create(name, 0o600)
	b.made(p, "create", f, err)
	return true
}

// openMake is what Create is where the name is free, and else what OpenFile is.
func openMake(b *both, p int) bool {
	const how = fsys.OpenWrite | fsys.OpenCreate
	if b.w.Named != 0 || !b.room(p) {
		return b.opens(p, "open or create", how)
	}
	f, err := b.dir.Open(name, how)
	b.made(p, "open or create, anew", f, err)
	return true
}

// made compares what O_CREAT came to, and keeps the file.
func (b *both) made(p int, call string, f fsys.File, err error) {
	real := outcome(err)
	var info fsys.Info
	var number simfs.Ino
	if err == nil {
		info, err = f.Info()
		must(b.t, err)
		number = b.number(info.ID)
	}
	fd, ok := b.w.Create(p, number)
	simulated := "exists"
	if ok {
		simulated = b.simulated(number)
	}
	if f != nil {
		b.open[p][fd], b.writable[p][fd], b.id[number] = f, true, info.ID
		real = b.inode(info)
	}
	b.same(p, call, simulated, real)
}

func openRead(b *both, p int) bool  { return b.opens(p, "open", fsys.OpenRead) }
func openWrite(b *both, p int) bool { return b.opens(p, "open for writing", fsys.OpenWrite) }

func (b *both) opens(p int, call string, how fsys.OpenFlag) bool {
	if !b.room(p) {
		return false
	}
	f, err := b.dir.Open(name, how)
	real := outcome(err)
	fd, ok := b.w.OpenFile(p)
	if err == nil {
		b.open[p][fd], b.writable[p][fd] = f, how&fsys.OpenWrite != 0
		real = b.inode(f.OpenInfo())
	}
	simulated := "missing"
	if ok {
		simulated = b.simulated(b.w.Open[p][fd].Ino)
	}
	b.same(p, call, simulated, real)
	return true
}

func lstat(b *both, p int) bool {
	info, err := b.dir.Lstat(name)
	simulated, real := "missing", outcome(err)
	if err == nil {
		real = b.inode(info)
	}
	if b.w.Named != 0 {
		simulated = b.simulated(b.w.Named)
	}
	b.same(p, "lstat", simulated, real)
	return true
}

func fstat(b *both, p int) bool {
	fd, f, ok := b.pick(p, false)
	if ok {
		info, err := f.Info()
		must(b.t, err)
		b.same(p, "fstat", b.simulated(b.w.Open[p][fd].Ino), b.inode(info))
	}
	return ok
}

func list(b *both, p int) bool {
	d, err := fsys.Real.OpenDir(b.path)
	must(b.t, err)
	real := "nothing"
	must(b.t, d.List(func(e fsys.Entry) bool {
		if !fsys.IsAside(e.Name) { // what is left, on Windows without POSIX deletion, of one that is open
			real = "a name"
		}
		return true
	}))
	must(b.t, d.Close())
	b.same(p, "list", ifElse(b.w.Named != 0, "a name", "nothing"), real)
	return true
}

func unlink(b *both, p int) bool {
	real := outcome(b.dir.Unlink(name))
	b.same(p, "unlink", ifElse(b.w.Unlink(), "ok", "missing"), real)
	return true
}

// record is a record's bytes: one that is its number, again and again, and
// another at the end, so that a part of it is told from the whole.
func record(number uint8, length int) []byte {
	return append(bytes.Repeat([]byte{number}, length-1), number|end)
}

const end = 0x80

// contents are what bytes are of.
func contents(data []byte) simfs.Content {
	if len(data) == 0 {
		return simfs.Content{}
	}
	number, last := data[0], len(data)-1
	switch n := bytes.Count(data, []byte{number}); {
	case n == len(data):
		return simfs.Content{Form: simfs.Torn}
	case n == last && data[last] == number|end:
		return simfs.Content{Form: simfs.Whole, Rec: number}
	}
	return simfs.Content{Form: simfs.Mixed}
}

var forms = [...]string{simfs.Empty: "empty", simfs.Torn: "torn", simfs.Mixed: "mixed", simfs.Whole: "whole"}

func show(c simfs.Content) string {
	if c.Form == simfs.Whole {
		return fmt.Sprintf("whole, record %d", c.Rec)
	}
	return forms[c.Form]
}

func (b *both) readReal(f fsys.File) simfs.Content {
	data, err := f.Read(1 << 16)
	must(b.t, err)
	return contents(data)
}

func read(b *both, p int) bool {
	fd, f, ok := b.pick(p, false)
	if ok {
		b.same(p, "read", show(b.w.Read(p, fd)), show(b.readReal(f)))
	}
	return ok
}

// next is a record that nobody wrote yet, at least as long as what is in the
// file: the locks write no others over something.
func (b *both) next(f fsys.File) (number uint8, bytes []byte) {
	info, err := f.Info()
	must(b.t, err)
	b.written++
	return b.written, record(b.written, max(int(info.Size), 16+b.rnd.IntN(48)))
}

func write(b *both, p int) bool {
	fd, f, ok := b.pick(p, true)
	if ok {
		number, bytes := b.next(f)
		real := outcome(f.Write(bytes))
		b.w.Write(p, fd, simfs.Content{Form: simfs.Whole, Rec: number})
		b.same(p, "write", "ok", real)
	}
	return ok
}

// writeHalf is a write that comes to an end in the middle. The simulated
// filesystem says what that may leave; which of it, the real one decides.
func writeHalf(b *both, p int) bool {
	fd, f, ok := b.pick(p, true)
	if ok {
		old := b.w.Read(p, fd)
		_, bytes := b.next(f)
		must(b.t, f.Write(bytes[:1+b.rnd.IntN(len(bytes)-1)]))
		real := b.readReal(f)
		simulated := simfs.HalfWritten(old)[0]
		if slices.Contains(simfs.HalfWritten(old), real) {
			simulated = real
		}
		b.w.Write(p, fd, simulated)
		b.same(p, "write half over "+forms[old.Form], show(simulated), show(real))
	}
	return ok
}

func truncate(b *both, p int) bool {
	fd, f, ok := b.pick(p, true)
	if ok {
		real := outcome(f.Truncate(0))
		b.w.Truncate(p, fd)
		b.same(p, "truncate", "ok", real)
	}
	return ok
}

func lock(b *both, p int) bool {
	fd, f, ok := b.pick(p, false)
	if !ok {
		return false
	}
	modes := [...]string{simfs.None: "none", simfs.Shared: "shared", simfs.Exclusive: "exclusive"}
	call, realMode, mode := "lock shared over ", fsys.Shared, simfs.Shared
	if b.rnd.IntN(2) == 0 {
		call, realMode, mode = "lock exclusive over ", fsys.Exclusive, simfs.Exclusive
	}
	call += modes[b.w.Open[p][fd].Lock]
	real := outcome(f.TryLock(realMode))
	if real == "refused" && runtime.GOOS != "linux" {
		must(b.t, f.Unlock()) // the BSDs keep the lock that was to be converted
	}
	b.same(p, call, ifElse(b.w.TryLock(p, fd, mode), "ok", "refused"), real)
	return true
}

func unlock(b *both, p int) bool {
	fd, f, ok := b.pick(p, false)
	if ok {
		real := outcome(f.Unlock())
		b.w.Unlock(p, fd)
		b.same(p, "unlock", "ok", real)
	}
	return ok
}

// probe opens the file anew and tells whether anybody has a lock on it, and so
// what is left of one whose conversion was refused.
func probe(b *both, _ int) bool {
	f, err := b.dir.Open(name, fsys.OpenRead)
	if b.w.Named == 0 || err != nil {
		b.same(observer, "probe", ifElse(b.w.Named == 0, "missing", "ok"), outcome(err))
		return true
	}
	real := outcome(f.TryLock(fsys.Exclusive))
	must(b.t, f.Close())
	b.same(observer, "probe", ifElse(b.w.Locked(b.w.Named, observer), "refused", "ok"), real)
	return true
}

func closeFile(b *both, p int) bool {
	fd, f, ok := b.pick(p, false)
	if ok {
		closes := f.Close
		if b.rnd.IntN(2) == 0 {
			closes = f.CloseOnly
		}
		real := outcome(closes())
		b.open[p][fd] = nil
		b.w.Close(p, fd)
		b.same(p, "close", "ok", real)
	}
	return ok
}

// kill closes everything, as the end of a process does.
func kill(b *both, p int) bool {
	for fd, f := range b.open[p] {
		if f != nil {
			must(b.t, f.CloseOnly())
			b.open[p][fd] = nil
		}
	}
	b.w.Kill(p)
	b.same(p, "kill", "ok", "ok")
	return true
}
