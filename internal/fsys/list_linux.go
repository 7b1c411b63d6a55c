package fsys

import (
	"bytes"
	"encoding/binary"
	"io/fs"

	"golang.org/x/sys/unix"
)

// listBuffer is read into again and again, whatever the size of the directory.
const listBuffer = 32 << 10

// list reads directory entries itself because os.File.ReadDir looks the names
// up again by the directory's path when the filesystem did not tell their
// types.
func list(fd int, _ string, yield func(Entry) bool) error {
	buf := make([]byte, listBuffer)
	for {
		var n int
		err := ignoringEINTR(func() (err error) {
			n, err = unix.Getdents(fd, buf)
			return err
		})
		if err == unix.ENOENT {
			return nil // the directory was removed: there are no names in it
		}
		if err != nil || n == 0 {
			return err
		}
		for rest := buf[:n]; len(rest) > 0; {
			var e Entry
			e, rest, err = parseDirent(rest)
			if err != nil {
				return err
			}
			if e.Name != "" && e.Name != "." && e.Name != ".." && !yield(e) {
				return nil
			}
		}
	}
}

// Offsets in struct linux_dirent64 (getdents(2)); the name ends with a NUL,
// and padding follows.
const (
	direntIno    = 0
	direntLength = 16
	direntType   = 18
	direntName   = 19
)

// parseDirent takes the first entry off b. Name is empty for a deleted entry.
func parseDirent(b []byte) (e Entry, rest []byte, err error) {
	if len(b) < direntName {
		return e, nil, unix.EIO
	}
	length := int(binary.NativeEndian.Uint16(b[direntLength:]))
	if length < direntName || length > len(b) {
		return e, nil, unix.EIO
	}
	name, _, _ := bytes.Cut(b[direntName:length], []byte{0})
	if binary.NativeEndian.Uint64(b[direntIno:]) != 0 {
		e = Entry{string(name), direntKind(b[direntType])}
	}
	return e, b[length:], nil
}

func direntKind(t byte) fs.FileMode {
	switch t {
	case unix.DT_REG:
		return 0
	case unix.DT_DIR:
		return fs.ModeDir
	case unix.DT_LNK:
		return fs.ModeSymlink
	case unix.DT_FIFO:
		return fs.ModeNamedPipe
	case unix.DT_SOCK:
		return fs.ModeSocket
	case unix.DT_CHR:
		return fs.ModeDevice | fs.ModeCharDevice
	case unix.DT_BLK:
		return fs.ModeDevice
	}
	return fs.ModeIrregular
}
