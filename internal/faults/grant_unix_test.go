//go:build unix

package faults_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
)

// The record of a grant names a process that lives, and no kernel lock tells
// that it is over: either the failed grant is gone, or its token is known.
func TestAFailedGrantIsGoneOrKnown(t *testing.T) {
	lost := faults.Fault{Err: syscall.EIO, Lost: true}
	for _, c := range []struct {
		name  string
		known bool
		wrong func(faults.Call) faults.Fault
	}{
		{"the write's reply is lost", false, first(faults.OpWrite, lost)},
		{"close fails", false, first(faults.OpClose, lost)},
		{"the write's reply is lost and the file stays", false, both(first(faults.OpWrite, lost), always(faults.Fault{Err: syscall.EIO}, faults.OpUnlink))},
		{"the write's reply is lost, the file stays as it is", true, both(first(faults.OpWrite, lost), always(faults.Fault{Err: syscall.EIO}, faults.OpUnlink, faults.OpTruncate))},
		{"close fails and the file stays", true, both(first(faults.OpClose, lost), always(faults.Fault{Err: syscall.EIO}, faults.OpUnlink))},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := softPath(t)
			f := faults.On(fsys.Real, c.wrong)
			token, err := lock.Grant(t.Context(), path, os.Getpid(), lock.InHost(worldOf(f)))
			if !errors.Is(err, syscall.EIO) || (token != "") != c.known || c.known && !strings.Contains(err.Error(), token) {
				t.Fatalf("token %q, %v", token, err)
			}
			if c.known {
				if err := lock.Revoke(t.Context(), path, token); err != nil {
					t.Errorf("revoke: %v", err)
				}
			}
			next := lock.NewSoft(path, lock.InHost(worldOf(fsys.Real)))
			must(t, next.TryLock())
			must(t, next.Unlock())
		})
	}
}

// both lets two faults happen.
func both(a, b func(faults.Call) faults.Fault) func(faults.Call) faults.Fault {
	return func(c faults.Call) faults.Fault {
		if wrong := a(c); wrong.Err != nil {
			return wrong
		}
		return b(c)
	}
}
