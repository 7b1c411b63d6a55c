package fsys

import (
	"errors"
	"io/fs"
)

// Names says whether name names the file id. Whoever cleans up asks once and
// does not come back, so an answer that is no answer is asked for again.
func Names(dir Dir, name string, id ID) (bool, error) {
	for last := false; ; last = true {
		now, err := dir.Lstat(name)
		switch {
		case err == nil:
			return now.ID == id, nil
		case errors.Is(err, fs.ErrNotExist):
			return false, nil
		case last:
			return false, err
		}
	}
}

// Remove unlinks name, of which the caller has just seen that it names the file
// id, and which nobody else who follows the protocol may remove now. nil means
// that name does not name that file any more.
//
// The error of an unlink does not say that nothing was unlinked: the answer may
// have been lost, or the call was repeated, after a signal or by a network
// filesystem, and the second did not find what the first had removed. So the
// name decides. If it still names the file the unlink is tried once more.
func Remove(dir Dir, name string, id ID) error {
	for last := false; ; last = true {
		err := dir.Unlink(name)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		switch named, lerr := Names(dir, name, id); {
		case lerr == nil && !named:
			return nil
		case lerr != nil || last:
			return err
		}
	}
}
