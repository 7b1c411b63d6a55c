package lock_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

// Somebody who may write in the lock's directory makes a hard link there to a
// file of the user who is going to take the lock. Nothing is written into it,
// whatever is in it: it is not only the lock's file.
func TestNoRecordIsWrittenThroughAPlantedHardLink(t *testing.T) {
	rec := &meta.Record{Format: meta.Format, Kind: meta.KindFile, Token: "0b2d46ad-9a52-4a11-a3d8-0d4d0a1c4a11"}
	rec.SetOwner(meta.Self())
	record, err := rec.Encode()
	must(t, err)
	for name, contents := range map[string]string{
		"empty":               "",
		"record":              string(record),
		"beginning of record": string(record[:40]),
		"data":                "PASSWORD=secret\n",
	} {
		for _, known := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				dir := t.TempDir()
				victim, path := filepath.Join(dir, "victim"), filepath.Join(dir, "job.lock")
				l := lock.NewFile(path)
				if known { // this handle has had the lock, and looks less closely
					must(t, l.TryLock())
					must(t, l.Unlock())
					must(t, os.Remove(path))
				}
				must(t, os.WriteFile(victim, []byte(contents), 0o644))
				if err := os.Link(victim, path); err != nil {
					t.Skipf("no hard links here: %v", err)
				}
				must(t, l.TryLock())
				must(t, l.Unlock())
				got, err := os.ReadFile(victim)
				must(t, err)
				if string(got) != contents {
					t.Errorf("the victim's file holds %q, before %q", got, contents)
				}
			})
		}
	}
}
