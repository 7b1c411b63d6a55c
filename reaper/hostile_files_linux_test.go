package reaper_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestHostileFiles(t *testing.T) {
	const irregular = "*fs.PathError ErrIrregular"
	link := func(to string) func(*testing.T, string) {
		return func(t *testing.T, path string) { must(t, os.Symlink(to, path)) }
	}
	node := func(mode uint32, major, minor uint32) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if mode != unix.S_IFIFO {
				needRoot(t)
			}
			err := unix.Mknod(path, mode|0o666, int(unix.Mkdev(major, minor)))
			if errors.Is(err, fs.ErrPermission) {
				t.Skipf("no devices can be made here: %v", err)
			}
			must(t, err)
		}
	}
	for name, put := range map[string]func(t *testing.T, path string){
		"dangling symlink": link("nowhere"),
		"symlink loop":     link("job.lock"),
		"symlink to a secret": func(t *testing.T, path string) {
			write(t, path+".secret", []byte("secret"))
			link("job.lock.secret")(t, path)
		},
		"symlink to an empty file": func(t *testing.T, path string) {
			write(t, path+".empty", nil)
			link("job.lock.empty")(t, path)
		},
		"symlink to a dead lock": func(t *testing.T, path string) {
			write(t, path+".dead", encode(t, recordOf(ended(t))))
			link("job.lock.dead")(t, path)
		},
		"symlink to a directory": link("."),
		"FIFO":                   node(unix.S_IFIFO, 0, 0),
		"null device":            node(unix.S_IFCHR, 1, 3),
		"terminal device":        node(unix.S_IFCHR, 5, 0),
		"random device":          node(unix.S_IFCHR, 1, 8),
		"block device":           node(unix.S_IFBLK, 7, 250),
		"device without driver":  node(unix.S_IFCHR, 241, 77),
		"socket": func(t *testing.T, path string) {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
			must(t, err)
			t.Cleanup(func() { _ = l.Close() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := tempLock(t)
			put(t, path)
			opened := watchOpens(t, path)
			spring(t, self(), trap{inspect: irregular, soft: irregular, file: irregular}, filepath.Dir(path), path)
			// To open a FIFO wakes its writer; to open a device may rewind a
			// tape or arm a watchdog.
			if opened() {
				t.Errorf("the %s was opened", name)
			}
		})
	}
	t.Run("1 GiB of zeroes", func(t *testing.T) {
		path := tempLock(t)
		write(t, path, nil)
		must(t, os.Truncate(path, 1<<30))
		spring(t, self(), trap{inspect: "unknown", soft: "ErrNotLockFile"}, filepath.Dir(path), path)
	})
}

// watchOpens says afterwards whether anybody has opened the file itself (not
// what it points to).
func watchOpens(t *testing.T, path string) (opened func() bool) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	must(t, err)
	t.Cleanup(func() { _ = unix.Close(fd) })
	_, err = unix.InotifyAddWatch(fd, path, unix.IN_OPEN|unix.IN_DONT_FOLLOW)
	must(t, err)
	return func() bool {
		var events [16 * unsafe.Sizeof(unix.InotifyEvent{})]byte
		n, err := unix.Read(fd, events[:])
		return err == nil && n > 0
	}
}
