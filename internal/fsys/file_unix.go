//go:build unix

package fsys

import (
	"io"
	"io/fs"

	"golang.org/x/sys/unix"
)

type file struct {
	fd     int
	dir    string // the path of the directory, up to where a name can be appended
	name   string
	atOpen Info
	locked bool // a kernel lock was taken and not dropped since
	shared bool // a duplicate was given away: the lock is not this File's alone
}

func (f *file) path() string { return f.dir + f.name }

func (f *file) error(op string, err error) error {
	if f.fd == closedFD && err == unix.EBADF {
		err = fs.ErrClosed
	}
	return &fs.PathError{Op: op, Path: f.path(), Err: err}
}

// do makes a system call that returns nothing but an error.
func (f *file) do(op string, call func() error) error {
	if err := ignoringEINTR(call); err != nil {
		return f.error(op, err)
	}
	return nil
}

func (f *file) OpenInfo() Info { return f.atOpen }

func (f *file) Info() (info Info, err error) {
	if err := statFD(f.fd, &info); err != nil {
		return Info{}, f.error("fstat", err)
	}
	return info, nil
}

func (f *file) Kind() (info Info, err error) {
	if err := kindFD(f.fd, &info); err != nil {
		return Info{}, f.error("fstat", err)
	}
	return info, nil
}

// firstRead is room for a record as they usually are.
const firstRead = 1024

// Read reads to the end of the file or to max, for a network filesystem may
// answer with less than it has, and half a record means something else.
func (f *file) Read(max int) ([]byte, error) {
	b := make([]byte, 0, min(max, firstRead))
	for len(b) < max {
		if len(b) == cap(b) {
			grown := make([]byte, len(b), min(max, 4*cap(b)))
			copy(grown, b)
			b = grown
		}
		n, err := pread(f.fd, b[len(b):cap(b)], int64(len(b)))
		if err != nil {
			return nil, f.error("read", err)
		}
		if n == 0 {
			break
		}
		b = b[:len(b)+n]
	}
	return b, nil
}

func (f *file) ReadInto(b []byte) (n int, err error) {
	for n < len(b) {
		m, err := pread(f.fd, b[n:], int64(n))
		if err != nil {
			return n, f.error("read", err)
		}
		n += m
		if m == 0 || int64(n) == f.atOpen.Size {
			break
		}
	}
	return n, nil
}

func pread(fd int, b []byte, off int64) (int, error) {
	for {
		n, err := unix.Pread(fd, b, off)
		if err != unix.EINTR {
			return n, err
		}
	}
}

func (f *file) Write(b []byte) error {
	var n int
	err := f.do("write", func() (err error) {
		n, err = unix.Pwrite(f.fd, b, 0)
		return err
	})
	if err == nil && n < len(b) {
		return f.error("write", io.ErrShortWrite)
	}
	return err
}

func (f *file) Truncate(size int64) error {
	return f.do("truncate", func() error { return unix.Ftruncate(f.fd, size) })
}

func (f *file) Extend(size int64) error {
	return f.do("write", func() error {
		_, err := unix.Pwrite(f.fd, []byte{'.'}, size-1)
		return err
	})
}

func (f *file) Touch() error { return f.do("utimensat", func() error { return touch(f.fd) }) }

func (f *file) Sync() error { return f.do("fsync", func() error { return unix.Fsync(f.fd) }) }

func (f *file) Chmod(perm fs.FileMode) error {
	return f.do("chmod", func() error { return unix.Fchmod(f.fd, uint32(perm.Perm())) })
}

func (f *file) Class() (c Class, err error) {
	err = f.do("statfs", func() (err error) {
		c, err = classOfFile(f.fd)
		return err
	})
	return c, err
}
