//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package fsys

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// bsdMount is what statfs(2) says about a mount: names as f_mntfromname,
// f_mntonname and f_fstypename have them, flags as in sys/mount.h, which are the
// same on these systems as far as they are used here.
func bsdMount(dir string, class Class, from, on []byte, flags uint64) Mount {
	m := Mount{
		Class:    class,
		Dir:      dir,
		Point:    unix.ByteSliceToString(on),
		Source:   unix.ByteSliceToString(from),
		ReadOnly: flags&unix.MNT_RDONLY != 0,
	}
	if !m.Local {
		m.Server = serverOf(m.Type, m.Source, nil)
	}
	for _, o := range []struct {
		flag uint64
		name string
	}{
		{unix.MNT_SYNCHRONOUS, "sync"},
		{unix.MNT_ASYNC, "async"},
		{unix.MNT_EXPORTED, exportedOption},
	} {
		if flags&o.flag != 0 {
			m.Options = append(m.Options, o.name)
		}
	}
	return m
}

func mountOf(path string) (m Mount, err error) {
	if path == "" {
		path = "."
	}
	err = ignoringEINTR(func() (err error) {
		m, err = mountOfPath(path)
		return err
	})
	if err != nil {
		return Mount{}, err
	}
	// Only the directory's own components are looked at. Where that fails its
	// name as given is still one.
	if abs, err := Absolute(path); err == nil {
		m.Dir = abs
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			m.Dir = real
		}
	}
	return m, nil
}

func mountTable() ([]mountEntry, error) { return nil, nil } // getfsstat(2) would be one; nothing here needs it
