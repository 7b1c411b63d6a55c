package gate

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

const path = "/dir/a.lock"

// process is one run of a program, with the answers of a history.
type process struct {
	*host.Host
	script []answer
	over   bool
	asked  struct {
		op   op
		head head
		turn bool
	}

	phase   phase
	blocked bool
	turn    bool
	leaves  *lock.Parts // who waits, and may leave
}

// phase is what a program is about.
type phase uint8

const (
	comes phase = iota
	queues
)

func newProcess(history []answer) *process {
	p := &process{script: history}
	p.Host = &host.Host{
		FS:       dir{p},
		Self:     func() meta.Identity { return meta.Identity{PID: 1} },
		Of:       func(int) (meta.Identity, error) { return meta.Identity{}, nil },
		Look:     func(int) meta.Process { return meta.Process{} },
		NewToken: func() string { return "" },
		Now:      func() time.Time { return time.Time{} },
		Uptime:   func() time.Duration { return 0 },
		Sleep:    func(time.Duration) {},
		Wakes:    true,
		Parks: func() {
			p.blocked = true
			p.mayLeave()
		},
	}
	return p
}

// ask puts a question to the world. Once the history is over, every call
// fails, so that the code comes back to the program, which stops.
func (p *process) ask(o op) answer {
	if p.over {
		return missing
	}
	if len(p.script) == 0 {
		p.over = true
		p.asked.op, p.asked.turn = o, p.turn
		p.asked.head = head{p.phase, p.blocked, p.leaves != nil}
		return missing
	}
	a := p.script[0]
	p.script = p.script[1:]
	return a
}

// stop ends a run that is over.
func (p *process) stop() {
	if p.over {
		runtime.Goexit()
	}
}

// errOver is what calls fail with after the end.
var errOver = errors.New("the run is over")

func (p *process) err(o op) error {
	a := p.ask(o)
	switch {
	case p.over:
		return errOver
	case a == refused:
		return fsys.ErrLocked
	case a == missing:
		return fs.ErrNotExist
	}
	return nil
}

// mayLeave: the waiter leaves, or leaves and another finds the thread.
func (p *process) mayLeave() {
	if p.leaves == nil {
		return
	}
	a := p.ask(choose)
	if p.over || a == ok {
		return
	}
	w := p.leaves
	p.leaves = nil
	if a == first {
		w.Leave()
	} else {
		w.Relay()
	}
}

type dir struct{ p *process }

func (d dir) At(string) fsys.Dir               { return d }
func (d dir) OpenDir(string) (fsys.Dir, error) { return d, nil }
func (d dir) Path() string                     { return "/dir" }
func (d dir) Close() error                     { return nil }
func (d dir) Class() (fsys.Class, error)       { return fsys.Class{Type: "ext4", Local: true}, nil }
func (d dir) List(func(fsys.Entry) bool) error { return errors.ErrUnsupported }

func (d dir) Create(string, fs.FileMode) (fsys.File, error) { return nil, errors.ErrUnsupported }

// The file that the process has open is known by its number 1: it has no two.
var (
	mine    = fsys.Info{ID: fsys.ID{Dev: 1, Ino: 1}, Mode: 0o644, Links: 1}
	another = fsys.Info{ID: fsys.ID{Dev: 1, Ino: 2}, Mode: 0o644, Links: 1}
)

func (d dir) Open(_ string, how fsys.OpenFlag) (fsys.File, error) {
	if err := d.p.err(openGate); err != nil {
		return nil, err
	}
	return file(d), nil
}

func (d dir) Lstat(string) (fsys.Info, error) {
	a := d.p.ask(lstatGate)
	switch {
	case d.p.over:
		return fsys.Info{}, errOver
	case a == missing:
		return fsys.Info{}, fs.ErrNotExist
	case a == other:
		return another, nil
	}
	return mine, nil
}

func (d dir) Rename(string, string) error { return errors.ErrUnsupported }

func (d dir) Sync() error { return errors.ErrUnsupported }

func (d dir) Has(string) (bool, error) {
	err := d.p.err(hasGate)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (d dir) Unlink(string) error { return d.p.err(unlinkGate) }

type file struct{ p *process }

func (f file) OpenInfo() fsys.Info          { return mine }
func (f file) Info() (fsys.Info, error)     { return mine, nil }
func (f file) Read(int) ([]byte, error)     { return nil, errors.ErrUnsupported }
func (f file) ReadInto([]byte) (int, error) { return 0, errors.ErrUnsupported }
func (f file) Write([]byte) error           { return errors.ErrUnsupported }
func (f file) Truncate(int64) error         { return errors.ErrUnsupported }
func (f file) Extend(int64) error           { return errors.ErrUnsupported }
func (f file) Kind() (fsys.Info, error)     { return f.Info() }
func (f file) Touch() error                 { return errors.ErrUnsupported }
func (f file) Sync() error                  { return errors.ErrUnsupported }
func (f file) Chmod(fs.FileMode) error      { return errors.ErrUnsupported }
func (f file) Class() (fsys.Class, error)   { return dir(f).Class() }
func (f file) Dup() (*os.File, error)       { return nil, errors.ErrUnsupported }
func (f file) TryLock(fsys.LockMode) error  { return f.p.err(tryGate) }
func (f file) Unlock() error                { return f.p.err(unlockGate) }
func (f file) Close() error                 { return f.p.err(closeGate) }
func (f file) CloseOnly() error             { return f.Close() }

// Lock is no move before it is granted. The waiter may leave while its thread
// is blocked, or before it hears of the end.
func (f file) Lock(fsys.LockMode) error {
	f.p.mayLeave()
	err := f.p.err(lockGate)
	f.p.mayLeave()
	return err
}

func (f file) OrderHeld(fsys.Order) (bool, error) { return false, errors.ErrUnsupported }

func (f file) OrderLock(o fsys.Order, m fsys.LockMode, wait bool) error {
	switch {
	case o != fsys.Presence:
		panic("gate: the turn at a gate is its kernel lock")
	case !orders:
		return errors.ErrUnsupported
	case wait:
		panic("gate: the gate's order lock is never waited for")
	case m == fsys.Exclusive:
		return f.p.err(orderExclusive)
	}
	return f.p.err(orderShared)
}

func (f file) OrderUnlock() error {
	if !orders {
		return errors.ErrUnsupported
	}
	return f.p.err(orderUnlock)
}
