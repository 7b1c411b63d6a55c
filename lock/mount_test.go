package lock_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

// mounts is the real filesystem, of which a test says what is mounted.
type mounts struct {
	fsys.FS
	now   mounted
	files fsys.Class // unless zero, what files say against their directory
}

type mounted struct {
	id    uint64
	class fsys.Class
}

type mountedDir struct {
	fsys.Dir
	m *mounts
}

type mountedFile struct {
	fsys.File
	on mounted
}

func (m *mounts) At(path string) fsys.Dir         { return &mountedDir{m.FS.At(path), m} }
func (d *mountedDir) Class() (fsys.Class, error)  { return d.m.now.class, nil }
func (f *mountedFile) Class() (fsys.Class, error) { return f.on.class, nil }

func (d *mountedDir) Create(name string, perm fs.FileMode) (fsys.File, error) {
	f, err := d.Dir.Create(name, perm)
	if err != nil {
		return nil, err
	}
	on := d.m.now
	if d.m.files != (fsys.Class{}) {
		on.class = d.m.files
	}
	return &mountedFile{f, on}, nil
}

func (f *mountedFile) Info() (fsys.Info, error) {
	info, err := f.File.Info()
	info.Mount = f.on.id
	return info, err
}

var (
	disk  = fsys.Class{Type: "ext4", Local: true}
	other = fsys.Class{Type: "xfs", Local: true}
	far   = fsys.Class{Type: "nfs"}
)

func TestASoftLockAsksOnceWhatIsMounted(t *testing.T) {
	m := &mounts{FS: fsys.Real, now: mounted{1, disk}}
	f := faults.On(m, nil)
	l := lock.NewSoft(tempPath(t), lock.InHost(host.Real.With(f)))
	for range 5 {
		must(t, l.TryLock())
		must(t, l.Unlock())
	}
	asked := 0
	for _, c := range f.Calls() {
		if c.Op == faults.OpClass {
			asked++
		}
	}
	// The first two ask about the directory, the second about the file, too.
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
}

func TestWhatIsMountedMeanwhileIsNoticed(t *testing.T) {
	for _, next := range []fsys.Class{other, far} {
		t.Run(next.Type, func(t *testing.T) {
			m := &mounts{FS: fsys.Real, now: mounted{1, disk}}
			f := faults.On(m, nil)
			path := tempPath(t)
			l := lock.NewSoft(path, lock.InHost(host.Real.With(f)))
			for range 3 {
				must(t, l.TryLock())
				must(t, l.Unlock())
			}
			m.now = mounted{2, next}
			must(t, l.TryLock())
			b, err := os.ReadFile(path)
			must(t, err)
			want, not := `"filesystem":"xfs"`, "lease_ms"
			if next == far {
				want, not = `"lease_ms":60000`, "kernel_lock"
			}
			if !strings.Contains(string(b), want) || strings.Contains(string(b), not) {
				t.Errorf("the record says %s", b)
			}
			must(t, l.Unlock())
			if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("something is left: %v", err)
			}
			if open := f.Open(); len(open) > 0 {
				t.Errorf("%q are open", open)
			}
		})
	}
}

// What cannot be removed again is told, and not tried again behind it.
func TestAFileOnAnotherMountThatStaysIsTold(t *testing.T) {
	m := &mounts{FS: fsys.Real, now: mounted{1, disk}}
	f := faults.On(m, nil)
	l := lock.NewSoft(tempPath(t), lock.InHost(host.Real.With(f)))
	for range 3 {
		must(t, l.TryLock())
		must(t, l.Unlock())
	}
	m.now = mounted{2, other}
	f.Decide(func(c faults.Call) faults.Fault {
		if c.Op == faults.OpUnlink {
			return faults.Fault{Err: fs.ErrPermission}
		}
		return faults.Fault{}
	})
	if err := l.TryLock(); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "left behind") || l.Locked() {
		t.Errorf("%v, locked %v", err, l.Locked())
	}
}

// A mount between the look at the directory and the making of the file can
// deceive the lock that is being taken. It must not deceive those after it.
func TestTheFileSaysWhatIsMounted(t *testing.T) {
	m := &mounts{FS: fsys.Real, now: mounted{1, disk}, files: far}
	l := lock.NewSoft(tempPath(t), lock.InHost(host.Real.With(m)))
	for range 2 {
		must(t, l.TryLock())
		must(t, l.Unlock())
	}
	must(t, l.TryLock())
	if r, _ := l.Record(); r.KernelLock || r.LeaseMS == 0 {
		t.Errorf("the record is one of a local filesystem: %+v", r)
	}
	must(t, l.Unlock())
}
