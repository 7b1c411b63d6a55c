package fsys_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

func TestTouchChangesTheTimesOfWhatIsOpenAndNotOfWhatHasItsName(t *testing.T) {
	dir := t.TempDir()
	d := fsys.Real.At(dir)
	f, err := d.Create("f", 0o644)
	must(t, err)
	defer f.Close()
	must(t, f.Write([]byte("x")))
	path := filepath.Join(dir, "f")
	old := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(path, old, old))
	must(t, f.Sync())
	must(t, d.Unlink("f"))
	must(t, os.WriteFile(path, []byte("y"), 0o644))
	must(t, os.Chtimes(path, old, old))
	must(t, f.Touch())
	info, err := f.Info()
	must(t, err)
	if !info.ModTime.After(old.Add(time.Minute)) {
		t.Errorf("after Touch the file is of %s", info.ModTime)
	}
	st, err := os.Stat(path)
	must(t, err)
	if st.ModTime().After(old.Add(time.Minute)) {
		t.Error("Touch changed the times of the file that has the name now")
	}
}

func TestExtendMakesLongerAndNeverShorter(t *testing.T) {
	d := fsys.Real.At(t.TempDir())
	f, err := d.Create("f", 0o644)
	must(t, err)
	defer f.Close()
	for _, c := range []struct{ to, want int64 }{{3, 3}, {2, 3}, {7, 7}, {1, 7}} {
		must(t, f.Extend(c.to))
		info, err := f.Info()
		must(t, err)
		if info.Size != c.want {
			t.Errorf("after Extend(%d) there are %d bytes, want %d", c.to, info.Size, c.want)
		}
	}
	must(t, d.Sync())
	opened, err := fsys.Real.OpenDir(d.Path())
	must(t, err)
	must(t, opened.Sync())
	must(t, opened.Close())
	self, err := d.OpenDir(".")
	must(t, err)
	must(t, self.Sync())
	must(t, self.Close())
}
