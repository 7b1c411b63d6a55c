package reaper_test

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// Two filesystems of one type can have inodes of one number, so a copy may look
// like the file itself but for its device. That speaks for an owner who is seen
// to live, and only for one: a filesystem that is mounted again, a restarted
// container's say, often has another device number.
func TestACopyOnAnotherDeviceWithTheSameInodeNumberIsNoProofOfDeath(t *testing.T) {
	path := tempLock(t)
	owner := lock.NewSoft(path)
	must(t, owner.Lock(t.Context()))
	defer owner.Unlock()
	rec, _ := owner.Record()
	gone := rec
	gone.PIDNamespace = "1"
	dir := filepath.Dir(path)
	for name, c := range map[string]struct {
		rec     meta.Record
		device  uint64 // added to this device's number
		verdict reaper.Verdict
	}{
		"here":                        {rec, 0, reaper.Dead},
		"elsewhere":                   {rec, 1, reaper.Alive},
		"elsewhere, not seen to live": {gone, 1, reaper.Dead},
	} {
		copied := filepath.Join(dir, name)
		write(t, copied, nil)
		st, err := fsys.Real.At(dir).Lstat(name)
		must(t, err)
		r := c.rec
		r.Inode, r.Device = strconv.FormatUint(st.Ino, 10), strconv.FormatUint(st.Dev+c.device, 10)
		b, err := r.Encode()
		must(t, err)
		write(t, copied, b)
		j, err := reaper.Judge(t.Context(), copied)
		if err != nil || j.Verdict != c.verdict {
			t.Errorf("%s: %s by %s, %v; want %s", name, j.Verdict, j.Rule, err, c.verdict)
		}
	}
}
