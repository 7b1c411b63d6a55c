//go:build unix

package fsys

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// These tests take the locks of the process with fcntl, which every Unix has,
// and make locks of open files of them, on systems too that have better ones.

// askVar makes of this test binary another process, which says what it may lock.
const askVar = "FILELOCK_TEST_PROCESS_LOCKS"

func init() {
	if path := os.Getenv(askVar); path != "" {
		if err := answer(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// answer takes, lets go and tells, a line of its input at a time. Of the file
// beside that at path it says "2 ...".
func answer(path string) error {
	p := newProcessLocks(func(fd int, typ int16, wait bool) error {
		err := rawSetlk(fd, typ, wait)
		if err == unix.EDEADLK {
			fmt.Println(err)
		}
		return err
	}, rawGetlk, unix.Close)
	o, err := openRaw(p, path, unix.O_RDWR)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		o := o
		what, second := strings.CutPrefix(in.Text(), "2 ")
		if second {
			if o, err = openRaw(p, path+"2", unix.O_RDWR); err != nil {
				return err
			}
		}
		var err error
		switch what {
		case "try shared":
			if err = o.lock(Shared, false); err == nil {
				err = o.unlock()
			}
		case "try exclusive":
			if err = o.lock(Exclusive, false); err == nil {
				err = o.unlock()
			}
		case "take shared":
			err = o.lock(Shared, true)
		case "take exclusive":
			err = o.lock(Exclusive, true)
		case "drop":
			err = o.unlock()
		}
		fmt.Println(err)
	}
	return in.Err()
}

func rawSetlk(fd int, typ int16, wait bool) error {
	how := unix.F_SETLK
	if wait {
		how = unix.F_SETLKW
	}
	return ignoringEINTR(func() error {
		return unix.FcntlFlock(uintptr(fd), how, &unix.Flock_t{Type: typ, Whence: io.SeekStart})
	})
}

func rawGetlk(fd int) (int16, error) {
	l := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	err := unix.FcntlFlock(uintptr(fd), unix.F_GETLK, &l)
	return l.Type, err
}

// opened is an open file as a processLocks knows it.
type opened struct {
	p  *processLocks
	id ID
	fd int
}

func openRaw(p *processLocks, path string, access int) (*opened, error) {
	var st unix.Stat_t
	if p.spares.Load() > 0 && unix.Stat(path, &st) == nil {
		id := infoOf(&st).ID
		if fd, ok := p.reopen(id, access); ok {
			return &opened{p, id, fd}, nil
		}
	}
	fd, err := unix.Open(path, access|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	var info Info
	err = statFD(fd, &info)
	return &opened{p, info.ID, fd}, err
}

func (o *opened) lock(m LockMode, wait bool) error { return o.p.lock(o.id, o.fd, m, wait) }
func (o *opened) unlock() error                    { return o.p.unlock(o.id, o.fd) }
func (o *opened) close() error                     { return o.p.closeFD(o.id, o.fd) }

// rig is a file, this process' locks on it, and another process.
type rig struct {
	t    *testing.T
	path string
	p    *processLocks
}

func newRig(t *testing.T) *rig {
	r := &rig{t, filepath.Join(t.TempDir(), "a"), newProcessLocks(rawSetlk, rawGetlk, unix.Close)}
	r.ok(os.WriteFile(r.path, []byte("record"), 0o600))
	t.Cleanup(func() {
		if n := r.p.spares.Load(); n != 0 || len(r.p.inodes) != 0 {
			t.Errorf("%d spares and %d inodes are left", n, len(r.p.inodes))
		}
	})
	return r
}

func (r *rig) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) refused(err error) {
	r.t.Helper()
	if err != ErrLocked {
		r.t.Errorf("got %v, want that it is locked", err)
	}
}

func (r *rig) open(access int) *opened {
	r.t.Helper()
	o, err := openRaw(r.p, r.path, access)
	r.ok(err)
	return o
}

// other is another process.
type other struct {
	r   *rig
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func (r *rig) other() *other {
	r.t.Helper()
	exe, err := os.Executable()
	r.ok(err)
	cmd := exec.Command(exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), askVar+"="+r.path, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	r.ok(err)
	out, err := cmd.StdoutPipe()
	r.ok(err)
	r.ok(cmd.Start())
	o := &other{r, cmd, in, bufio.NewScanner(out)}
	r.t.Cleanup(o.kill)
	o.hear("ready")
	return o
}

func (o *other) say(what string) {
	o.r.t.Helper()
	_, err := io.WriteString(o.in, what+"\n")
	o.r.ok(err)
}

func (o *other) hear(want string) {
	o.r.t.Helper()
	if !o.out.Scan() || o.out.Text() != want {
		o.r.t.Errorf("the other process says %q, want %q", o.out.Text(), want)
	}
}

func (o *other) ask(what, want string) { o.r.t.Helper(); o.say(what); o.hear(want) }

func (o *other) kill() { _ = o.cmd.Process.Kill(); _ = o.cmd.Wait() }

const (
	granted = "<nil>"
	isHeld  = "locked by another open file"
)

func TestProcessLocksExcludeInOneProcessAndBetweenTwo(t *testing.T) {
	r := newRig(t)
	a, b, c, q := r.open(unix.O_RDWR), r.open(unix.O_RDWR), r.open(unix.O_RDONLY), r.other()
	r.ok(a.lock(Exclusive, false))
	r.ok(a.lock(Exclusive, false)) // again
	r.refused(b.lock(Exclusive, false))
	r.refused(b.lock(Shared, false))
	q.ask("try shared", isHeld)

	r.ok(a.lock(Shared, false)) // converted
	q.ask("try shared", granted)
	q.ask("try exclusive", isHeld)
	r.ok(b.lock(Shared, false))
	r.refused(b.lock(Exclusive, false))
	r.ok(a.unlock())
	q.ask("try exclusive", isHeld) // b has it still
	r.refused(a.lock(Exclusive, false))
	r.ok(b.lock(Exclusive, false)) // nobody else has it
	q.ask("try shared", isHeld)
	r.ok(b.unlock())
	r.ok(b.unlock()) // of nothing
	q.ask("try exclusive", granted)

	if err := c.lock(Exclusive, false); !errors.Is(err, ErrUnlocked) || !errors.Is(err, unix.EBADF) {
		t.Errorf("an exclusive lock on what is open for reading only: %v", err)
	}
	q.ask("take shared", granted)
	r.ok(c.lock(Shared, false))
	r.refused(c.lock(Exclusive, false)) // that it is excluded can be said
	q.ask("drop", granted)
	for _, o := range []*opened{a, b, c} {
		r.ok(o.close())
	}
}

func TestClosingAnotherDescriptorKeepsTheLockOfTheProcess(t *testing.T) {
	for _, m := range []LockMode{Exclusive, Shared} {
		t.Run(map[LockMode]string{Exclusive: "exclusive", Shared: "shared"}[m], func(t *testing.T) {
			r := newRig(t)
			a, q := r.open(unix.O_RDWR), r.other()
			r.ok(a.lock(m, false))
			for range 3 {
				probe := r.open(unix.O_RDONLY) // of one's own lock
				if err := probe.lock(Shared, false); (err == nil) != (m == Shared) {
					t.Errorf("the probe: %v", err)
				}
				r.ok(probe.close())
				q.ask("try exclusive", isHeld)
			}
			reader := r.open(unix.O_RDONLY) // that locks nothing
			r.ok(reader.close())
			writer := r.open(unix.O_RDWR)
			r.ok(writer.close())
			q.ask("try exclusive", isHeld)
			if n := r.p.spares.Load(); n != 2 {
				t.Errorf("%d descriptors wait to be closed, want one of each kind", n)
			}
			fd := writer.fd
			r.ok(a.close())
			q.ask("try exclusive", granted)
			if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != unix.EBADF {
				t.Errorf("the spare is still open: %v", err)
			}
		})
	}
}

func TestASpareIsGivenForWhatItWasOpenedForOnly(t *testing.T) {
	r := newRig(t)
	a := r.open(unix.O_RDWR)
	r.ok(a.lock(Shared, false))
	reader := r.open(unix.O_RDONLY)
	r.ok(reader.close())
	if fd, ok := r.p.reopen(a.id, unix.O_RDWR); ok {
		t.Errorf("%d, open for reading, is given to a writer", fd)
	}
	if fd, ok := r.p.reopen(ID{Dev: a.id.Dev, Ino: a.id.Ino + 1}, unix.O_RDONLY); ok {
		t.Errorf("%d is given for another inode", fd)
	}
	again := r.open(unix.O_RDONLY)
	if again.fd != reader.fd {
		t.Errorf("opened %d, want the spare %d", again.fd, reader.fd)
	}
	// Another file by that name is another file.
	r.ok(again.close())
	r.ok(os.Remove(r.path))
	r.ok(os.WriteFile(r.path, nil, 0o600))
	fresh := r.open(unix.O_RDONLY)
	if fresh.fd == reader.fd || fresh.id == a.id {
		t.Error("the spare of an unlinked file is given for the one that has its name now")
	}
	r.ok(fresh.lock(Shared, false))
	r.ok(errors.Join(fresh.close(), a.close()))
}

func TestALostProcessFreesItsLock(t *testing.T) {
	r := newRig(t)
	a, q := r.open(unix.O_RDWR), r.other()
	q.ask("take exclusive", granted)
	r.refused(a.lock(Exclusive, false))
	got := make(chan error, 1)
	go func() { got <- a.lock(Exclusive, true) }()
	q.kill()
	r.ok(<-got)
	r.ok(a.close())
}

// While one waits in the kernel another open file of the process may take, drop
// and close what it likes: the one that waited has what it is told it has.
func TestAWaitInTheKernelIsNotBelieved(t *testing.T) {
	r := newRig(t)
	a, b, q, s := r.open(unix.O_RDWR), r.open(unix.O_RDWR), r.other(), r.other()
	for range 50 {
		q.ask("take shared", granted)
		r.ok(b.lock(Shared, false))
		got := make(chan error, 1)
		go func() { got <- a.lock(Exclusive, true) }()
		q.say("drop")
		probe := r.open(unix.O_RDONLY)
		_ = probe.lock(Shared, false)
		r.ok(probe.close())
		r.ok(b.unlock())
		q.hear(granted)
		r.ok(<-got)
		s.ask("try shared", isHeld)
		r.refused(b.lock(Shared, false))
		r.ok(a.unlock())
	}
	r.ok(errors.Join(a.close(), b.close()))
}

// Two processes that each have one lock and wait in another goroutine for the
// other's are no deadlock as long as a holder goes on. The kernel says they are.
func TestADeadlockThatIsNoneIsWaitedOut(t *testing.T) {
	r := newRig(t)
	r.ok(os.WriteFile(r.path+"2", nil, 0o600))
	told := make(chan struct{}, 100)
	r.p.setlk = func(fd int, typ int16, wait bool) error {
		err := rawSetlk(fd, typ, wait)
		if err == unix.EDEADLK {
			told <- struct{}{}
		}
		return err
	}
	a := r.open(unix.O_RDWR)
	b, err := openRaw(r.p, r.path+"2", unix.O_RDWR)
	r.ok(err)
	q := r.other()
	r.ok(a.lock(Exclusive, false))
	q.ask("2 take exclusive", granted)
	q.say("take exclusive")
	lines := make(chan string, 100)
	go func() {
		for q.out.Scan() {
			lines <- q.out.Text()
		}
	}()
	got := make(chan error, 1)
	go func() { got <- b.lock(Exclusive, true) }()
	select { // whoever asks last is told
	case <-told:
	case line := <-lines:
		if line != unix.EDEADLK.Error() {
			t.Errorf("the other process says %q", line)
		}
	}
	r.ok(a.unlock())
	for line := range lines {
		if line == granted {
			break
		} else if line != unix.EDEADLK.Error() {
			t.Fatalf("the other process says %q", line)
		}
	}
	q.kill()
	r.ok(<-got)
	r.ok(errors.Join(a.close(), b.close()))
}

func TestAFailureLeavesWhatWasHeld(t *testing.T) {
	r := newRig(t)
	a, b := r.open(unix.O_RDWR), r.open(unix.O_RDWR)
	r.ok(a.lock(Shared, false))
	r.p.setlk = func(int, int16, bool) error { return unix.ENOLCK }
	if err := a.lock(Exclusive, false); err != unix.ENOLCK {
		t.Error(err)
	}
	if err := a.unlock(); err != unix.ENOLCK {
		t.Error(err)
	}
	r.refused(b.lock(Exclusive, false))
	r.ok(b.close()) // which would take the lock away
	if n := r.p.spares.Load(); n != 1 {
		t.Errorf("%d spares, want 1", n)
	}
	if err := a.close(); !errors.Is(err, unix.ENOLCK) { // it is closed for all that
		t.Error(err)
	}
	r.p.setlk = rawSetlk
	r.other().ask("try exclusive", granted)
}

// Goroutines take, convert, probe and close at random; whoever has a lock is
// alone, or with other shared ones, and the other process sees the same.
func TestProcessLocksUnderLoad(t *testing.T) {
	r := newRig(t)
	q := r.other()
	var asking sync.Mutex
	var exclusive, shared atomic.Int32
	rounds := 300
	if testing.Short() {
		rounds = 60
	}
	var all sync.WaitGroup
	var most atomic.Int64
	for n := range 6 {
		all.Go(func() {
			for i := range rounds {
				o, err := openRaw(r.p, r.path, []int{unix.O_RDONLY, unix.O_RDWR}[(i+n)%2])
				if err != nil {
					t.Error(err)
					return
				}
				mode, wait := LockMode((i+n)%2), i%3 == 0
				if err := o.lock(mode, wait); err == nil {
					if mode == Exclusive {
						if e, s := exclusive.Add(1), shared.Load(); e != 1 || s != 0 {
							t.Errorf("an exclusive lock is granted beside %d exclusive and %d shared ones", e-1, s)
						}
						if asking.TryLock() {
							q.ask("try shared", isHeld)
							asking.Unlock()
						}
						exclusive.Add(-1)
					} else {
						shared.Add(1)
						if e := exclusive.Load(); e != 0 {
							t.Errorf("a shared lock is granted beside %d exclusive ones", e)
						}
						if asking.TryLock() {
							q.ask("try exclusive", isHeld)
							asking.Unlock()
						}
						shared.Add(-1)
					}
				} else if err != ErrLocked || wait {
					t.Errorf("round %d: %v", i, err)
				}
				if err := o.close(); err != nil {
					t.Error(err)
				}
				if s := r.p.spares.Load(); s > most.Load() {
					most.Store(s)
				}
			}
		})
	}
	all.Wait()
	if most.Load() > 12 { // 6 at once, of two kinds
		t.Errorf("there were %d spares at once", most.Load())
	}
	q.ask("try exclusive", granted)
}

func TestSparesAreBounded(t *testing.T) {
	r := newRig(t)
	a := r.open(unix.O_RDWR)
	r.ok(a.lock(Exclusive, false))
	var fds []int
	for range 100 {
		probe := r.open(unix.O_RDONLY)
		fds = append(fds, probe.fd)
		r.ok(probe.close())
	}
	if slices.Sort(fds); len(slices.Compact(fds)) != 1 {
		t.Errorf("a hundred probes one after the other had descriptors %v", fds)
	}
	r.ok(a.close())
}
