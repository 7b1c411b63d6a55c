package sights

import (
	"encoding/hex"
	"io/fs"
	"strings"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

const (
	sweepAge   = 7 * 24 * time.Hour
	tempPrefix = ".sight-"
)

var sweepMost = 1000 // names looked at

// sweep removes sights that are of no use to anybody any more: of another boot
// than this one, or not touched for a week. It looks at a bounded number of
// names, and an error leaves the rest for the next process.
//
// The directory may be one that the user has for other things too. So nothing is
// removed but what is a sight by its name and its contents, or by its name is
// what a process left that was killed while it kept one.
func sweep(d fsys.Dir, boot string) {
	var names []string
	looked := 0
	_ = d.List(func(e fsys.Entry) bool {
		if e.Type.IsRegular() || e.Type == fs.ModeIrregular {
			names = append(names, e.Name)
		}
		looked++
		return looked < sweepMost
	})
	// Another boot may be another host's where the directory is on a network.
	alone := local(d)
	for _, n := range names {
		if stale(d, n, boot, alone) {
			_ = d.Unlink(n)
		}
	}
}

func stale(d fsys.Dir, n, boot string, alone bool) bool {
	temp := isTemp(n)
	if !temp && !isHex(n, nameLen) {
		return false
	}
	info, err := d.Lstat(n)
	if err != nil || !info.Mode.IsRegular() || !own(info) {
		return false
	}
	old := time.Since(info.ModTime) > sweepAge
	if temp {
		return old
	}
	s, ok := read(d, n)
	return ok && name(s.Key) == n && (old || alone && s.Boot != boot)
}

func isTemp(n string) bool {
	rest, ok := strings.CutPrefix(n, tempPrefix)
	key, random, dot := strings.Cut(rest, ".")
	return ok && dot && isHex(key, nameLen) && isHex(random, 16)
}

func isHex(s string, length int) bool {
	_, err := hex.DecodeString(s)
	return len(s) == length && err == nil
}
