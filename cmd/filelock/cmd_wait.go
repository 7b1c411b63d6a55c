package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

func (a *app) waitCommand() *cobra.Command {
	wait := time.Duration(-1)
	cmd := &cobra.Command{
		Use:   "wait [-w D] LOCK",
		Short: "Wait until a contender would get LOCK; change nothing",
		Long: `Wait until LOCK is free, or its owner is dead: until somebody who wants it would
get it. Nothing is changed, so somebody else may take it first.

Over a network, and of any lock with a lease, that an owner is gone is found by
watching: once the lock was seen not to be renewed for all of its lease.`,
		Example: `  filelock wait -w 10m job.lock && report`,
		Args:    argCount(1, 1, "LOCK"),
	}
	cmd.Flags().VarP(seconds{&wait}, "wait", "w", "wait for at most `D` (by default, for ever)")
	a.networkFlag(cmd)
	cmd.RunE = a.checked(func(cmd *cobra.Command, args []string) error { return a.wait(cmd.Context(), args[0], wait) })
	exits(cmd, "", map[exitCode]string{exitOK: "a contender would get it"}, append([]exitCode{exitConflict}, everywhere...)...)
	return cmd
}

func (a *app) wait(ctx context.Context, path string, wait time.Duration) error {
	deadline := time.Now().Add(wait)
	s := newSleeper(path)
	defer s.end()
	for odd := 0; ; {
		st, err := a.look(ctx, path)
		switch {
		case err != nil:
			return lookError("wait for", absolutePath(path), err)
		case st.State == reaper.Free:
			return nil
		case st.State == reaper.Stale:
			if _, guarded := a.inTheWay(ctx, st); !guarded {
				return nil
			}
		case !noLock(st):
			odd = 0
		case st.KernelBacked() || odd == senseless:
			return fmt.Errorf("wait for %q: %w: %s", st.Path, lock.ErrNotLockFile, st.Evidence[0])
		default:
			odd++
		}
		left := time.Duration(math.MaxInt64)
		if wait >= 0 {
			if left = time.Until(deadline); left <= 0 {
				return a.notInTime(ctx, st, exitConflict)
			}
		}
		if err := s.sleep(ctx, &st, left); err != nil {
			return err
		}
	}
}

// senseless is how often a file is read again that makes no sense: over a network
// a read may be answered by half of a write.
const senseless = 2

// noLock: the file is none that a contender would wait for.
func noLock(st reaper.Status) bool {
	return st.State == reaper.StateUnknown && (st.Content == meta.Malformed && st.Denied() == nil || st.Content == meta.Newer)
}
