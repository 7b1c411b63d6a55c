package lock_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
)

// canSymlink is false where links cannot be made: on Windows that is a right that
// not every user has. Wine says that it has made one, and has not.
func canSymlink(t *testing.T) bool {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link")
	err := os.Symlink("nowhere", link)
	if err == nil {
		_, err = os.Readlink(link)
	}
	if err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	return err == nil
}

// symlink makes a symbolic link, where that can be done.
func symlink(t *testing.T, to, link string) {
	t.Helper()
	if !canSymlink(t) {
		emulation.SkipWine(t, "CreateSymbolicLink makes nothing there")
		t.Skip("this user may not make symbolic links")
	}
	if err := os.Symlink(to, link); err != nil {
		t.Fatal(err)
	}
}
