package fsys_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
)

func TestMountOfAgreesWithClass(t *testing.T) {
	for _, path := range []string{t.TempDir(), ".", ""} {
		m, err := fsys.MountOf(path)
		must(t, err)
		c, err := fsys.Real.At(path).Class()
		must(t, err)
		if m.Local != c.Local || c.Type != "" && m.Type == "" {
			t.Errorf("%q: %+v, and its class is %+v", path, m, c)
		}
		if !filepath.IsAbs(m.Dir) || m.Local && m.Server != "" {
			t.Errorf("%q: %+v", path, m)
		}
	}
}

func TestMountOfNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	m, err := fsys.MountOf(path)
	wantErr(t, err, fs.ErrNotExist)
	if m.Class != (fsys.Class{}) || m.Point != "" {
		t.Errorf("%+v", m)
	}
}

func TestMountByNameNeedsNoDirectory(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	path := filepath.Join(dir, "none", "below")
	m, err := fsys.MountByName(path)
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	must(t, err)
	real, err := fsys.MountOf(dir)
	must(t, err)
	if m.Dir != path || m.Point != real.Point || m.Source != real.Source || !reflect.DeepEqual(m.Options, real.Options) {
		t.Errorf("%+v, and that above it is %+v", m, real)
	}
}
