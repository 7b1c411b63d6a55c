package explore

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/internal/simfs"
	"github.com/filelock-go/filelock/meta"
)

const (
	dirPath  = "/dir"
	lockName = "a.lock"
	lockPath = dirPath + "/" + lockName
)

// A process is one run of a program: the shipped code in a world where every
// call that another process could notice, or whose answer depends on others,
// is a question to whoever plays the world.
type process struct {
	*host.Host
	ctx    context.Context // done when the run is given up
	cancel context.CancelFunc
	world  world
	faulty bool // calls may fail, and what they were to do happen all the same
	mind   memory
	fds    [simfs.Files]*toldFile

	written []byte  // by the last write
	leave   func()  // ends the wait that is going on
	before  []Event // since the last question
	over    bool    // the run was given up: nothing is asked any more
}

// world answers, and gives names to what has none of its own.
type world interface {
	ask(Op) reply
	self() meta.Identity
	newToken() string
	record(token string) int8 // the number of a record, 0 if it was never met
	owner(pid int) int8       // the number of the record that names a process
	inode(n uint64) int8
}

// reply is an answer as the code gets it.
type reply struct {
	outcome Outcome
	info    fsys.Info
	data    []byte
}

func newProcess(w world, m *Model) *process {
	p := &process{world: w, faulty: m.Lossy}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.Host = &host.Host{
		FS:       toldFS{p},
		Self:     w.self,
		Of:       func(int) (meta.Identity, error) { return w.self(), nil },
		Look:     p.look,
		NewToken: p.newToken,
		Now:      p.now,
		Uptime:   func() time.Duration { return 0 },
		Sleep:    func(time.Duration) {},
	}
	return p
}

// ask puts a question to the world. Once the run is over every call fails, so
// that the code comes back to the program, which stops: the code may be in a
// goroutine of its own, for which somebody waits.
func (p *process) ask(o Op) reply {
	if p.over {
		return reply{outcome: Failed}
	}
	r := p.world.ask(o)
	if p.over {
		p.cancel()
		return reply{outcome: Failed}
	}
	return r
}

func (p *process) newToken() string {
	p.mind.begins()
	return p.world.newToken()
}

// epoch is when everything happens, but for what another wrote.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// now stands still, except that a hard lock may have been held for long.
func (p *process) now() time.Time {
	if p.mind.stage == releasesHard && !p.mind.asked {
		p.mind.asked = true
		switch p.ask(Op{Call: Hold, Hands: p.mind.hands}).outcome {
		case Short:
		case Fair:
			p.mind.fair = true
		default:
			p.mind.long = true
		}
	}
	switch {
	case p.mind.long:
		return epoch.Add(time.Minute)
	case p.mind.fair:
		return epoch.Add(5 * time.Millisecond)
	}
	return epoch
}

func (p *process) look(pid int) meta.Process {
	if pid == p.world.self().PID {
		return meta.Process{State: meta.Running, Start: startOf(pid)}
	}
	switch p.ask(Op{Call: Look, Rec: p.world.owner(pid)}).outcome {
	case Gone:
		return meta.Process{State: meta.Gone}
	case Failed:
		return meta.Process{}
	}
	return meta.Process{State: meta.Running, Start: startOf(pid)}
}

func startOf(pid int) string { return strconv.Itoa(pid) }

type toldFS struct{ p *process }

func (f toldFS) At(string) fsys.Dir               { return toldDir(f) }
func (f toldFS) OpenDir(string) (fsys.Dir, error) { return toldDir(f), nil }

type toldDir struct{ p *process }

func (d toldDir) Path() string                     { return dirPath }
func (d toldDir) OpenDir(string) (fsys.Dir, error) { return d, nil } // of itself
func (d toldDir) Close() error                     { return nil }

func (d toldDir) Class() (fsys.Class, error) {
	return fsys.Class{Type: fsType, Local: true}, nil
}

func failure(op string, o Outcome) error {
	var err error
	switch o {
	case OK:
		return nil
	case Exists:
		err = fs.ErrExist
	case Missing:
		err = fs.ErrNotExist
	case Refused, Tired:
		err = fsys.ErrLocked
	default:
		err = syscall.EIO
	}
	return &fs.PathError{Op: op, Path: lockPath, Err: err}
}

func (d toldDir) open(op Op, name string) (fsys.File, error) {
	r := d.p.ask(op)
	if r.outcome != OK {
		return nil, failure(name, r.outcome)
	}
	for fd := range d.p.fds {
		if d.p.fds[fd] == nil {
			f := &toldFile{p: d.p, fd: int8(fd), writes: op.Call != Open, info: r.info}
			d.p.fds[fd] = f
			return f, nil
		}
	}
	panic("explore: more open files than the simulated world has room for")
}

func (d toldDir) Create(string, fs.FileMode) (fsys.File, error) {
	return d.open(Op{Call: Create}, "create")
}

func (d toldDir) Open(_ string, how fsys.OpenFlag) (fsys.File, error) {
	if how&(fsys.OpenWrite|fsys.OpenDirToo) == 0 {
		return d.open(Op{Call: Open}, "open")
	}
	return d.open(Op{Call: OpenFile, Make: how&fsys.OpenCreate != 0}, "open")
}

func (d toldDir) Lstat(name string) (fsys.Info, error) {
	if name != lockName {
		return fsys.Info{ID: fsys.ID{Dev: device, Ino: 1}, Mode: fs.ModeDir | 0o755, Links: 2}, nil
	}
	r := d.p.ask(Op{Call: Lstat, Sized: d.p.mind.stage == takesHard})
	return r.info, failure("lstat", r.outcome)
}

// Has is asked about the gate only.
func (d toldDir) Has(string) (bool, error) { return d.p.ordered() }

func (d toldDir) Unlink(string) error {
	return failure("unlink", d.p.ask(Op{Call: Unlink}).outcome)
}

func (d toldDir) List(yield func(fsys.Entry) bool) error {
	if d.p.ask(Op{Call: List}).outcome == OK {
		yield(fsys.Entry{Name: lockName})
	}
	return nil
}

type toldFile struct {
	p      *process
	fd     int8
	writes bool
	info   fsys.Info
}

// OpenInfo is asked for now, of a file opened for reading: of what it says only
// the inode matters, and that stays the same.
func (f *toldFile) OpenInfo() fsys.Info {
	if !f.writes && f.info.Mode == 0 {
		f.info = f.p.ask(Op{Call: Fstat, FD: f.fd}).info
	}
	return f.info
}

func (f *toldFile) Info() (fsys.Info, error) {
	r := f.p.ask(Op{Call: Fstat, FD: f.fd, Sized: f.writes})
	return r.info, failure("fstat", r.outcome)
}

func (f *toldFile) Read(most int) ([]byte, error) {
	r := f.p.ask(Op{Call: Read, FD: f.fd})
	return r.data[:min(most, len(r.data))], failure("read", r.outcome)
}

func (f *toldFile) ReadInto(b []byte) (int, error) {
	r := f.p.ask(Op{Call: Read, FD: f.fd})
	return copy(b, r.data), failure("read", r.outcome)
}

func (f *toldFile) Write(b []byte) error {
	rec := meta.Parse(b).Record
	if rec == nil {
		panic("explore: something was written that is no record")
	}
	f.p.written = bytes.Clone(b)
	op := Op{Call: Write, FD: f.fd, Rec: f.p.world.record(rec.Token), Attr: attrOf(rec)}
	if rec.Inode != "" {
		n, err := strconv.ParseUint(rec.Inode, 10, 64)
		if err != nil {
			panic(err)
		}
		op.Ino = f.p.world.inode(n)
	}
	return failure("write", f.p.ask(op).outcome)
}

func (f *toldFile) Truncate(int64) error {
	return failure("truncate", f.p.ask(Op{Call: Truncate, FD: f.fd}).outcome)
}

func (f *toldFile) TryLock(m fsys.LockMode) error {
	return failure("lock", f.p.ask(Op{Call: Lock, FD: f.fd, Mode: modeOf(m)}).outcome)
}

func modeOf(m fsys.LockMode) simfs.Mode {
	if m == fsys.Exclusive {
		return simfs.Exclusive
	}
	return simfs.Shared
}

func (f *toldFile) Unlock() error {
	return failure("unlock", f.p.ask(Op{Call: Unlock, FD: f.fd}).outcome)
}

func (f *toldFile) Close() error {
	r := f.p.ask(Op{Call: Close, FD: f.fd})
	f.p.fds[f.fd] = nil
	return failure("close", r.outcome)
}

func (f *toldFile) CloseOnly() error { return f.Close() }

func (f *toldFile) Chmod(fs.FileMode) error { return nil }

func (f *toldFile) Class() (fsys.Class, error) { return toldDir{f.p}.Class() }

func (f *toldFile) Dup() (*os.File, error) { return nil, failure("dup", Failed) }

// What follows is for leases and fences, of which there are none here.

func (d toldDir) Rename(string, string) error { return failure("rename", Failed) }

func (d toldDir) Sync() error { return failure("fsync", Failed) }

func (f *toldFile) Extend(int64) error       { return failure("write", Failed) }
func (f *toldFile) Kind() (fsys.Info, error) { return f.Info() }

func (f *toldFile) Touch() error { return failure("utimensat", Failed) }
func (f *toldFile) Sync() error  { return failure("fsync", Failed) }
