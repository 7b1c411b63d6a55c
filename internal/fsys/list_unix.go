//go:build unix && !linux

package fsys

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// listBatch is how many names are in memory at once.
const listBatch = 256

// list asks for names only: os.File.ReadDir would look each up again by the
// directory's path, which may lead elsewhere by now.
func list(fd int, path string, yield func(Entry) bool) (err error) {
	d, err := dupFD(fd)
	if err != nil {
		return err
	}
	if err := unix.SetNonblock(d, false); err != nil { // else package os tries to poll it
		_ = unix.Close(d) // the error before is the one that matters
		return err
	}
	f := os.NewFile(uintptr(d), path)
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		names, err := f.Readdirnames(listBatch)
		for _, name := range names {
			if !yield(Entry{Name: name, Type: fs.ModeIrregular}) {
				return nil
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			var pe *fs.PathError
			if errors.As(err, &pe) {
				err = pe.Err // the caller adds the path
			}
			return err
		}
	}
}
