package faults_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
)

var errTest = errors.New("wrong on purpose")

// Every call of the wrapped interfaces is asked about, by its name and path,
// can fail before it is made and after it, and leaks nothing.
func TestEveryCallCanFail(t *testing.T) {
	for _, lost := range []bool{false, true} {
		for n := 1; ; n++ {
			tmp := t.TempDir()
			if err := errors.Join(os.Mkdir(filepath.Join(tmp, "sub"), 0o755), os.WriteFile(filepath.Join(tmp, "old"), nil, 0o644)); err != nil {
				t.Fatal(err)
			}
			f := faults.On(fsys.Real, func(c faults.Call) faults.Fault {
				if c.N == n {
					return faults.Fault{Err: errTest, Lost: lost}
				}
				return faults.Fault{}
			})
			errs := tour(f, tmp)
			calls := f.Calls()
			if len(calls) < n {
				if len(errs) > 0 {
					t.Errorf("without faults: %v", errs)
				}
				var ops []string
				for _, c := range calls {
					ops = append(ops, c.Op)
				}
				slices.Sort(ops)
				if ops = slices.Compact(ops); len(ops) != 17 {
					t.Errorf("the tour makes calls %q only", ops)
				}
				break
			}
			call := calls[n-1]
			if call.Op == faults.OpDup && lost && runtime.GOOS == "windows" {
				continue // it is never made there, so no reply can be lost
			}
			var pe *fs.PathError
			if len(errs) == 0 || !errors.Is(errs[0], errTest) || !errors.As(errs[0], &pe) || pe.Op != call.Op || pe.Path != call.Path {
				t.Errorf("%+v, lost %v: %v", call, lost, errs)
			}
			if open := f.Open(); len(open) > 0 {
				t.Errorf("%+v, lost %v: left open: %q", call, lost, open)
			}
			if _, err := os.Lstat(filepath.Join(tmp, "x")); call.Op == faults.OpCreate && (err == nil) != lost {
				t.Errorf("create, lost %v: %v", lost, err)
			}
		}
	}
}

// tour makes every call there is, as far as the faults let it.
func tour(f *faults.FS, tmp string) (errs []error) {
	check := func(err error) bool {
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			errs = append(errs, err)
		}
		return err == nil
	}
	at := f.At(tmp)
	_, err := at.Class()
	check(err)
	if x, err := at.Create("x", 0o600); check(err) {
		check(x.TryLock(fsys.Exclusive))
		check(x.Write([]byte("some text")))
		check(x.Chmod(0o644))
		_, err = x.Info()
		check(err)
		_, err = x.Class()
		check(err)
		if d, err := x.Dup(); check(err) {
			check(d.Close())
		}
		check(x.Unlock())
		check(x.Close())
	}
	if x, err := at.Open("y", fsys.OpenWrite|fsys.OpenCreate); check(err) {
		_, err = x.Read(10)
		check(err)
		check(x.Truncate(1))
		check(x.CloseOnly())
	}
	if d, err := f.OpenDir(tmp); check(err) {
		_, err = d.Lstat("old")
		check(err)
		check(d.List(func(fsys.Entry) bool { return true }))
		if sub, err := d.OpenDir("sub"); check(err) {
			check(sub.Close())
		}
		check(d.Close())
	}
	check(at.Unlink("old"))
	return errs
}

func TestAWriteAndAListingCanBeHalfMade(t *testing.T) {
	tmp := t.TempDir()
	f := faults.On(fsys.Real, func(c faults.Call) faults.Fault {
		if c.Op == faults.OpWrite || c.Op == faults.OpList {
			return faults.Fault{Err: errTest, Half: true}
		}
		return faults.Fault{}
	})
	for _, name := range []string{"a", "b"} {
		x, err := f.At(tmp).Create(name, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Write([]byte("12345678")); !errors.Is(err, errTest) {
			t.Errorf("write: %v", err)
		}
		if b, err := x.Read(10); string(b) != "1234" {
			t.Errorf("half of the write is %q, %v", b, err)
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}
	d, err := f.OpenDir(tmp)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := d.List(func(fsys.Entry) bool { n++; return true }); !errors.Is(err, errTest) || n != 1 {
		t.Errorf("half of a list: %d names, %v", n, err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
