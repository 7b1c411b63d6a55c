package reaper_test

import (
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/meta"
)

// player is one process of a schedule: a goroutine with a host of its own,
// which stops before every call to the filesystem until it is told to go on.
// The filesystem and its kernel locks, which belong to the open file, are real.
type player struct {
	host *host.Host
	at   chan string   // the call before which it stops
	next chan struct{} // go on
	done chan struct{} // its play is over
	call string        // before which it is stopped
	over bool

	free bool // its play is over, what remains is not stopped
}

func newPlayer() *player {
	p := &player{at: make(chan string), next: make(chan struct{}), done: make(chan struct{})}
	who := meta.Self()
	who.Instance = uuid.NewString() // another process, as far as its records say
	p.host = host.Real.With(steppedFS{fsys.Real, p.stop})
	p.host.Self = func() meta.Identity { return who }
	p.host.Sleep = func(time.Duration) {}
	return p
}

func (p *player) stop(call string) {
	if p.free {
		return
	}
	p.at <- call
	<-p.next
}

// play begins what the player does; it stops before the first call.
func (p *player) play(do func()) {
	go func() {
		do()
		p.free = true
		close(p.done)
	}()
	p.await()
}

func (p *player) await() {
	select {
	case p.call = <-p.at:
	case <-p.done:
		p.over = true
	}
}

// step lets the player make calls and stop before the one after them.
func (p *player) step(calls int) {
	for ; calls > 0 && !p.over; calls-- {
		p.next <- struct{}{}
		p.await()
	}
}

// finish lets it play to the end.
func (p *player) finish() { p.step(1 << 20) }

type steppedFS struct {
	fsys.FS
	stop func(string)
}

func (s steppedFS) At(path string) fsys.Dir { return steppedDir{s.FS.At(path), s.stop} }

func (s steppedFS) OpenDir(path string) (fsys.Dir, error) {
	s.stop("opendir")
	d, err := s.FS.OpenDir(path)
	if err != nil {
		return nil, err
	}
	return steppedDir{d, s.stop}, nil
}

type steppedDir struct {
	fsys.Dir
	stop func(string)
}

func (d steppedDir) file(f fsys.File, err error) (fsys.File, error) {
	if err != nil {
		return nil, err
	}
	return steppedFile{f, d.stop}, nil
}

func (d steppedDir) Create(name string, perm os.FileMode) (fsys.File, error) {
	d.stop("create")
	return d.file(d.Dir.Create(name, perm))
}

func (d steppedDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	d.stop("open")
	return d.file(d.Dir.Open(name, how))
}

func (d steppedDir) Lstat(name string) (fsys.Info, error) {
	d.stop("lstat")
	return d.Dir.Lstat(name)
}

func (d steppedDir) Unlink(name string) error {
	d.stop("unlink")
	return d.Dir.Unlink(name)
}

func (d steppedDir) Rename(name, to string) error {
	d.stop("rename")
	return d.Dir.Rename(name, to)
}

func (d steppedDir) OpenDir(name string) (fsys.Dir, error) {
	d.stop("opendir")
	sub, err := d.Dir.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return steppedDir{sub, d.stop}, nil
}

func (d steppedDir) List(yield func(fsys.Entry) bool) error {
	d.stop("list")
	return d.Dir.List(yield)
}

type steppedFile struct {
	fsys.File
	stop func(string)
}

func (f steppedFile) Info() (fsys.Info, error) {
	f.stop("fstat")
	return f.File.Info()
}

func (f steppedFile) Read(most int) ([]byte, error) {
	f.stop("read")
	return f.File.Read(most)
}

func (f steppedFile) ReadInto(b []byte) (int, error) {
	f.stop("read")
	return f.File.ReadInto(b)
}

func (f steppedFile) Write(b []byte) error {
	f.stop("write")
	return f.File.Write(b)
}

func (f steppedFile) Sync() error {
	f.stop("sync")
	return f.File.Sync()
}

func (f steppedFile) Truncate(size int64) error {
	f.stop("truncate")
	return f.File.Truncate(size)
}

func (f steppedFile) TryLock(mode fsys.LockMode) error {
	f.stop("lock")
	return f.File.TryLock(mode)
}

func (f steppedFile) Unlock() error {
	f.stop("unlock")
	return f.File.Unlock()
}

func (f steppedFile) Close() error {
	f.stop("close")
	return f.File.Close()
}

func (f steppedFile) CloseOnly() error {
	f.stop("close")
	return f.File.CloseOnly()
}
