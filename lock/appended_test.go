package lock_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

// A file that is longer than any record has something else in it, although it
// begins with one, and is left as it is.
func TestWhatIsLongerThanARecordIsLeftAsItIs(t *testing.T) {
	path := tempPath(t)
	first := lock.NewFile(path)
	must(t, first.TryLock())
	must(t, first.Unlock())
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = f.Write(bytes.Repeat([]byte("data\n"), meta.MaxSize/5+1))
	must(t, err)
	must(t, f.Close())
	before, err := os.ReadFile(path)
	must(t, err)
	for _, l := range []*lock.File{first, lock.NewFile(path)} {
		must(t, l.TryLock())
		must(t, l.Unlock())
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
		t.Errorf("%d bytes became %d (%v)", len(before), len(after), err)
	}
}
