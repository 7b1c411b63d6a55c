package lock_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

// devices is the real filesystem, of which a test says on which device it is, and
// what happens when a file was made.
type devices struct {
	fsys.FS
	dev   uint64
	mount uint64
	class fsys.Class
	made  func()
}

type deviceDir struct {
	fsys.Dir
	m *devices
}

type deviceFile struct {
	fsys.File
	m *devices
}

func (m *devices) At(path string) fsys.Dir       { return &deviceDir{m.FS.At(path), m} }
func (d *deviceDir) Class() (fsys.Class, error)  { return d.m.class, nil }
func (f *deviceFile) Class() (fsys.Class, error) { return f.m.class, nil }
func (d *deviceDir) file(f fsys.File) fsys.File  { return &deviceFile{f, d.m} }
func (f *deviceFile) Kind() (i fsys.Info, e error) {
	i, e = f.File.Kind()
	i.Dev, i.Mount = f.m.dev, f.m.mount
	return
}
func (f *deviceFile) Info() (i fsys.Info, e error) {
	i, e = f.File.Info()
	i.Dev, i.Mount = f.m.dev, f.m.mount
	return
}
func (f *deviceFile) OpenInfo() fsys.Info {
	i := f.File.OpenInfo()
	i.Dev, i.Mount = f.m.dev, f.m.mount
	return i
}

func (d *deviceDir) Lstat(name string) (i fsys.Info, e error) {
	i, e = d.Dir.Lstat(name)
	i.Dev, i.Mount = d.m.dev, d.m.mount
	return
}

func (d *deviceDir) Create(name string, perm fs.FileMode) (fsys.File, error) {
	f, err := d.Dir.Create(name, perm)
	if err != nil {
		return nil, err
	}
	if made := d.m.made; made != nil {
		d.m.made = nil
		made()
	}
	return d.file(f), nil
}

func (d *deviceDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	f, err := d.Dir.Open(name, how)
	if err != nil {
		return nil, err
	}
	return d.file(f), nil
}

func (d *deviceDir) OpenDir(name string) (fsys.Dir, error) {
	sub, err := d.Dir.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &deviceDir{sub, d.m}, nil
}

// unmounted is a handle that has locked over a network, whose mount is gone: the
// directory is a local one.
func unmounted(t *testing.T) (*lock.Soft, *devices) {
	t.Helper()
	m := &devices{FS: fsys.Real, dev: 1, mount: 1, class: far}
	l := lock.NewSoft(tempPath(t), lock.InHost(host.Real.With(m)))
	for range 3 {
		must(t, l.TryLock())
		must(t, l.Unlock())
	}
	m.mount, m.class = 2, disk // the device number is used again
	return l, m
}

// Where a network filesystem was is a local one now, where others see by the
// kernel lock that a creator has ended: no lock is made there without it.
func TestALocalFilesystemInANetworksPlaceIsNoticed(t *testing.T) {
	l, _ := unmounted(t)
	must(t, l.TryLock())
	if r, _ := l.Record(); !r.KernelLock || r.LeaseMS != 0 {
		t.Errorf("the record is as over a network: %+v", r)
	}
	must(t, l.Unlock())
	if left, err := os.ReadDir(filepath.Dir(l.Path())); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestNobodyIsLetInBesideWhoComesFromANetwork(t *testing.T) {
	l, m := unmounted(t)
	local := lock.NewSoft(l.Path())
	m.made = func() { must(t, local.TryLock()) } // its creator has no kernel lock
	if err := l.TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("two owners: %v", err)
	}
	must(t, local.Unlock()) // nobody has removed its file
}

// Another network filesystem is one, too.
func TestAnotherNetworkFilesystemIsNoTrouble(t *testing.T) {
	l, m := unmounted(t)
	m.class = far
	for range 3 {
		must(t, l.TryLock())
		if r, _ := l.Record(); r.KernelLock || r.LeaseMS == 0 {
			t.Errorf("the record is %+v", r)
		}
		must(t, l.Unlock())
		m.dev++
	}
	if left, err := os.ReadDir(filepath.Dir(l.Path())); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// A handle that has only looked at the lock over a network does not know where it
// was; so it asks again before it makes one.
func TestWhoHasOnlyLookedAsksAgain(t *testing.T) {
	m := &devices{FS: fsys.Real, dev: 1, mount: 1, class: far}
	path := tempPath(t)
	owner := lock.NewSoft(path, lock.WithNetwork())
	must(t, owner.TryLock())
	h := host.Real.With(m)
	who := meta.Self()
	who.Instance = uuid.NewString()
	h.Self = func() meta.Identity { return who }
	l := lock.NewSoft(path, lock.InHost(h))
	for range 2 {
		if err := l.TryLock(); !errors.Is(err, lock.ErrHeld) {
			t.Fatalf("a held lock: %v", err)
		}
	}
	must(t, owner.Unlock())
	m.mount, m.class = 2, disk
	must(t, l.TryLock())
	if r, _ := l.Record(); !r.KernelLock || r.LeaseMS != 0 {
		t.Errorf("the record is as over a network: %+v", r)
	}
	must(t, l.Unlock())
}
