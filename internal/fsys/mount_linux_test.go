package fsys_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/fsys"
)

func init() {
	// mounts DIR: makes mounts below DIR, in a namespace of its own, and looks.
	roles["mounts"] = func(args []string) error {
		// A mount that nobody serves keeps whoever asks it anything waiting, until
		// its descriptor is closed.
		defer time.AfterFunc(time.Minute, func() { panic("it hangs") }).Stop()
		return lookAtMounts(args[0])
	}
}

func TestMountsAreToldApart(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount")
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	cmd := roleCommand("mounts", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	must(t, cmd.Run())
}

func lookAtMounts(dir string) error {
	at := func(name string) string { return filepath.Join(dir, name) }
	odd := at("two words\\\t#")
	for _, d := range []string{odd, at("stack"), at("bound"), at("dead"), at("plain/below"), at("covered")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	// What is mounted over this directory is not what it is on.
	if err := os.Chdir(at("covered")); err != nil {
		return err
	}
	fuse, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fuse) }()
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse)
	for _, m := range []struct {
		source, target, typ string
		flags               uintptr
		data                string
	}{
		{"me@far.example:/x", at("dead"), "fuse.sshfs", 0, options},
		{"some thing", odd, "tmpfs", unix.MS_SYNCHRONOUS, "size=64k"},
		{"below", at("stack"), "tmpfs", 0, ""},
		{"above", at("stack"), "tmpfs", unix.MS_RDONLY, ""},
		{at("plain"), at("bound"), "", unix.MS_BIND, ""},
		{at("plain"), at("covered"), "", unix.MS_BIND, ""},
	} {
		if err := unix.Mount(m.source, m.target, m.typ, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	if err := os.Mkdir(filepath.Join(odd, "in"), 0o700); err != nil {
		return err
	}
	if err := os.Symlink(odd, at("link")); err != nil {
		return err
	}
	below, err := fsys.MountOf(at("plain"))
	if err != nil {
		return err
	}
	tmpfs := fsys.Class{Type: "tmpfs", Local: true}
	inOdd := fsys.Mount{Class: tmpfs, Dir: filepath.Join(odd, "in"), Point: odd, Source: "some thing", Options: []string{"sync"}}
	atOdd := inOdd
	atOdd.Dir = odd
	var errs []error
	for _, c := range []struct {
		asked  string
		want   fsys.Mount
		byName bool // the name alone says the same
	}{
		{filepath.Join(odd, "in"), inOdd, true},
		{at("link"), atOdd, false},
		{at("stack"), fsys.Mount{Class: tmpfs, Dir: at("stack"), Point: at("stack"), Source: "above", ReadOnly: true}, true},
		{at("bound/below"), fsys.Mount{Class: below.Class, Dir: at("bound/below"), Point: at("bound"), Source: below.Source}, true},
		{".", fsys.Mount{Class: below.Class, Dir: at("covered"), Point: below.Point, Source: below.Source}, false},
		{at("plain/below"), fsys.Mount{Class: below.Class, Dir: at("plain/below"), Point: below.Point, Source: below.Source}, true},
	} {
		got, err := fsys.MountOf(c.asked)
		if err == nil && !reflect.DeepEqual(public(got), c.want) {
			err = fmt.Errorf("got  %+v\nwant %+v", public(got), c.want)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", c.asked, err))
			continue
		}
		named, err := fsys.MountByName(c.asked)
		named.Local = got.Local
		if err != nil || c.byName && !reflect.DeepEqual(named, got) {
			errs = append(errs, fmt.Errorf("%q by its name: %+v, %v", c.asked, named, err))
		}
	}
	dead, err := fsys.MountByName(at("dead/a/b"))
	want := fsys.Mount{Class: fsys.Class{Type: "fuse.sshfs"}, Dir: at("dead/a/b"), Point: at("dead"), Source: "me@far.example:/x", Server: "far.example", Options: []string{"allow_other"}}
	if err != nil || !reflect.DeepEqual(public(dead), want) {
		errs = append(errs, fmt.Errorf("the dead one: %+v, %v", dead, err))
	}
	// The names of what is exported are looked at only.
	if said := fsys.Exported(atOdd); slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, dir) }) {
		errs = append(errs, fmt.Errorf("exported: %q", said))
	}
	return errors.Join(errs...)
}

// public leaves out what only this package knows.
func public(m fsys.Mount) fsys.Mount {
	return fsys.Mount{Class: m.Class, Dir: m.Dir, Point: m.Point, Source: m.Source, Server: m.Server, Options: m.Options, ReadOnly: m.ReadOnly}
}
