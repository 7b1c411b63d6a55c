package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/filelock-go/filelock/reaper"
)

// watchEvery is how often reap --watch looks when it is not told.
const watchEvery = 30 * time.Second

func (a *app) reapCommand() *cobra.Command {
	f := &walkFlags{}
	watch := time.Duration(-1)
	cmd := &cobra.Command{
		Use:   "reap [--dry-run] [--json] [--watch[=D]] DIR|LOCK...",
		Short: "Break the locks of dead owners",
		Long: `Break every lock below DIR, or LOCK itself, whose owner is dead or whose lease
is over. Locks that somebody holds, and those of which it cannot be told, are
kept. One line each says what was done. So it is with guards, which processes
have that are breaking a lock over a network.

The walk stays on DIR's filesystem and follows no symbolic link. With --json,
the objects are those of inspect --json with one key more, action: broken,
would-break, kept or failed.`,
		Example: `  filelock reap --dry-run /var/lib/jobs
  filelock reap --watch=1m /var/lib/jobs`,
		Args: argCount(1, -1, "DIR or LOCK"),
	}
	f.register(a, cmd)
	cmd.Flags().BoolVar(&f.o.DryRun, "dry-run", false, "remove nothing")
	cmd.Flags().Var(seconds{&watch}, "watch", "do it again every `D` until ended by a signal, and say only what changes (by default, every 30s)")
	cmd.Flags().Lookup("watch").NoOptDefVal = watchEvery.String()
	cmd.RunE = a.checked(func(cmd *cobra.Command, args []string) error {
		if slices.Contains(args, "") { // an unset variable, not the working directory
			return usagef("reap: a path is empty")
		}
		return a.reap(cmd.Context(), f, args, watch)
	})
	exits(cmd, "", map[exitCode]string{exitOK: "whatever was found"}, exitUsage, exitNoDir, exitInternal, exitPermission)
	return cmd
}

func (a *app) reap(ctx context.Context, f *walkFlags, paths []string, watch time.Duration) error {
	if err := f.check(a); err != nil {
		return err
	}
	if watch == 0 {
		return usagef("--watch=0: look again after some time")
	}
	for {
		worst, err := a.reapOnce(ctx, f, paths, watch > 0)
		switch {
		case err != nil:
			return err
		case watch < 0 && worst == exitOK:
			return nil
		case watch < 0:
			return &codeError{code: worst}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(watch):
		}
	}
}

func (a *app) reapOnce(ctx context.Context, f *walkFlags, paths []string, changesOnly bool) (worst exitCode, err error) {
	for _, path := range paths {
		for out := range reaper.Reap(ctx, path, f.o) {
			if nothingThere(path, out) {
				out.Action, out.Err, out.State = reaper.Kept, nil, reaper.Free
			}
			if out.Action == reaper.Failed {
				worst = max(worst, walkCode(path, out.Path, out.Err))
			}
			if changesOnly && out.Action == reaper.Kept {
				continue
			}
			if err := a.reapedOne(ctx, f.json, out); err != nil {
				return worst, err
			}
		}
	}
	return worst, nil
}

// nothingThere: the path that the user named is no directory that is missing,
// but a lock: its directory is there, and all is as it should be.
func nothingThere(named string, out reaper.Outcome) bool {
	if named == "" || !errors.Is(out.Err, fs.ErrNotExist) || out.Path != absolutePath(named) || os.IsPathSeparator(named[len(named)-1]) {
		return false
	}
	_, err := os.Lstat(out.Path)
	dir, derr := os.Stat(filepath.Dir(out.Path))
	return errors.Is(err, fs.ErrNotExist) && derr == nil && dir.IsDir()
}

func (a *app) reapedOne(ctx context.Context, asJSONLines bool, out reaper.Outcome) error {
	if asJSONLines {
		return writeJSON(a.out, outcomeJSON{a.asJSON(ctx, out.Status, out.Err), string(out.Action)})
	}
	if out.Err == nil && !out.Exists {
		_, err := fmt.Fprintf(a.out, "%s: there is no lock\n", visible(out.Path))
		return err
	}
	if out.Err != nil {
		a.say("%v", out.Err)
	}
	if out.Err != nil && !out.Exists {
		return nil
	}
	_, err := fmt.Fprintln(a.out, lockLine(string(out.Action), out.Status))
	return err
}
