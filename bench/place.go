//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// place is a directory to measure in.
type place struct {
	fs  string // what is mounted there
	dir string // of this run alone
	n   int
}

// fresh is a path in the place that nothing has been at.
func (p *place) fresh() string {
	p.n++
	return filepath.Join(p.dir, fmt.Sprintf("%d.lock", p.n))
}

// binary is where the command filelock is built.
func (p *place) binary() string { return filepath.Join(p.dir, "filelock") }

// filesystems are those that people will run this on; others are shown by
// number.
var filesystems = map[int64]string{
	unix.TMPFS_MAGIC: "tmpfs", unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs",
	unix.BTRFS_SUPER_MAGIC: "btrfs", unix.F2FS_SUPER_MAGIC: "f2fs", unix.OVERLAYFS_SUPER_MAGIC: "overlay",
	0x2fc12fc1: "zfs",
}

func filesystem(dir string) (string, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	if name := filesystems[int64(s.Type)]; name != "" {
		return name, nil
	}
	return fmt.Sprintf("filesystem %#x", s.Type), nil
}

func newPlace(parent string) (*place, error) {
	fs, err := filesystem(parent)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, "filelock-bench-")
	if err != nil {
		return nil, err
	}
	dir, err = filepath.Abs(dir)
	return &place{fs: fs, dir: dir}, err
}

// places are memory and a disk, unless a directory is given for the disk. A
// short run stays in memory.
func places(disk string, memoryOnly bool) ([]*place, error) {
	var ps []*place
	if fs, err := filesystem("/dev/shm"); err == nil && fs == "tmpfs" {
		p, err := newPlace("/dev/shm")
		if err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	if memoryOnly && disk == "" && len(ps) > 0 {
		return ps, nil
	}
	candidates := []string{disk}
	if disk == "" {
		candidates = []string{os.TempDir(), "."}
	}
	for _, parent := range candidates {
		fs, err := filesystem(parent)
		if err != nil {
			return ps, err
		}
		if fs == "tmpfs" && disk == "" {
			continue
		}
		p, err := newPlace(parent)
		if err != nil {
			return ps, err
		}
		return append(ps, p), nil
	}
	if len(ps) == 0 {
		return nil, errors.New("there is no directory to measure in: give one with -dir")
	}
	return ps, nil
}
