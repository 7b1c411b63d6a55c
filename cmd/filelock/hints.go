package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// hintFor is the next step for errors of the library.
func hintFor(err error) string {
	var path *fs.PathError
	switch {
	case errors.Is(err, reaper.ErrForgeable):
		return "run it as the file's owner; or, when it is certain that the lock's owner has ended, filelock break --force"
	case errors.Is(err, lock.ErrHeld) && errors.Is(err, fs.ErrPermission):
		return "the owner is dead, but only the lock file's owner or the directory's may remove it: run filelock break as one of them"
	case errors.Is(err, lock.ErrNoProcess):
		return whichPIDHint
	case errors.Is(err, lock.ErrNotLockFile):
		return "choose a path of its own for the lock, as in job.lock; run --hard locks any file and leaves its contents alone"
	case errors.Is(err, fsys.ErrIrregular) && errors.As(err, &path) && isDirectory(path.Path):
		return "a soft lock is a file: choose a path such as " + shell(filepath.Join(absolutePath(path.Path), "job.lock")) + orDirectory
	case errors.Is(err, fsys.ErrIrregular):
		return "a lock is a regular file: choose another path"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, reaper.ErrNoAnswer):
		return "is the filesystem's server gone?"
	case systemHint(err) != "":
		return systemHint(err)
	case exitCodeOf(err) == exitNoDir:
		return "make the directory first: a lock file's directory is never made"
	case errors.As(err, &path) && exitCodeOf(err) == exitPermission:
		return mayNot(absolutePath(path.Path))
	}
	return ""
}

func isDirectory(path string) bool {
	fi, err := os.Lstat(path)
	return err == nil && fi.IsDir()
}

// mayNot says in words which right this user lacks, after path was denied.
func mayNot(path string) string {
	who := fmt.Sprintf("user %q may not ", meta.Self().User)
	dir := filepath.Dir(path)
	if closed := closedAbove(path); closed != "" {
		return who + "enter " + closed + rights(closed)
	}
	fi, err := os.Lstat(path)
	if err == nil && (fi.Mode().IsRegular() || fi.IsDir()) {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrPermission) {
			return who + "read " + path + rights(path)
		}
		if err == nil {
			_ = f.Close()
		}
		if mayWrite(dir) {
			return who + "write to " + path + rights(path)
		}
	}
	return who + "write in " + dir + rights(dir)
}

// closedAbove is the first directory on the way to path that this user may not
// enter, or "".
func closedAbove(path string) string {
	dir := filepath.Dir(path)
	if dir == path {
		return ""
	}
	if closed := closedAbove(dir); closed != "" {
		return closed
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrPermission) {
		return dir
	}
	return ""
}

// rights is the mode and the owner, as ls -l has them, if they can be seen.
func rights(path string) string {
	fi, err := os.Stat(path)
	if err != nil {
		return ""
	}
	if owner := ownerOf(fi); owner != "" {
		return fmt.Sprintf(" (%s of %s)", fi.Mode(), owner)
	}
	return fmt.Sprintf(" (%s)", fi.Mode())
}
