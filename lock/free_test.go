package lock_test

import (
	"context"
	"testing"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

// Who looks opens the file for reading only, where an exclusive lock may not be
// had (fcntl): what is free is to be seen as free all the same, and what others
// share as held.
func TestAHardLocksFileThatNobodyHoldsIsFree(t *testing.T) {
	path := tempPath(t)
	want := func(state reaper.State) {
		t.Helper()
		st, err := reaper.Inspect(context.Background(), path)
		must(t, err)
		if st.State != state {
			t.Errorf("it is %s, want %s: %q", st.State, state, st.Evidence)
		}
	}
	l := lock.NewFile(path)
	must(t, l.TryLock())
	want(reaper.Held)
	must(t, l.Unlock())
	want(reaper.Free)
	must(t, l.TryRLock())
	want(reaper.Held)
	must(t, l.Unlock())
	want(reaper.Free)
}
