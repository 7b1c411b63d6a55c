package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/filelock-go/filelock/reaper"
)

// walkFlags are those of list and reap.
type walkFlags struct {
	o    reaper.Options
	json bool
}

func (f *walkFlags) register(a *app, cmd *cobra.Command) {
	f.o.Patience = reaper.DefaultPatience
	a.networkFlag(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "one JSON object a line")
	cmd.Flags().BoolVar(&f.o.Cross, "cross", false, "go into other filesystems mounted below DIR")
	cmd.Flags().Var(seconds{&f.o.Patience}, "patience", "give each path `D` to answer before it is unknown")
}

func (f *walkFlags) check(a *app) error {
	f.o.Network = a.network
	if f.o.Patience == 0 {
		return usagef("--patience 0: no path can answer in no time")
	}
	return nil
}

func (a *app) listCommand() *cobra.Command {
	f := &walkFlags{}
	cmd := &cobra.Command{
		Use:   "list [--all] [--json] DIR...",
		Short: "Every lock below DIR, one line each",
		Long: `List every lock below DIR: state, rule that decided, owner, age, path.

A lock is every regular file that begins as filelock's do, whatever its name;
so is a guard, which a process has that is breaking a lock over a network.
The walk stays on DIR's filesystem and follows no symbolic link. Lines come as
locks are found, in the filesystem's order; use sort for another. With --json,
the objects are those of inspect --json.`,
		Example: `  filelock list /var/lib
  filelock list --json /srv | jq -r 'select(.state == "stale").path'`,
		Args: argCount(1, -1, "DIR"),
	}
	f.register(a, cmd)
	cmd.Flags().BoolVar(&f.o.All, "all", false, "also lock files of other programs that are recognised")
	cmd.ValidArgsFunction = completeDirs
	cmd.RunE = a.checked(func(cmd *cobra.Command, args []string) error {
		if slices.Contains(args, "") { // an unset variable, not the working directory
			return usagef("list: a DIR is empty")
		}
		return a.list(cmd.Context(), f, args)
	})
	exits(cmd, "", map[exitCode]string{exitOK: "whatever was found"}, exitUsage, exitNoDir, exitInternal, exitPermission)
	return cmd
}

func completeDirs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func (a *app) list(ctx context.Context, f *walkFlags, dirs []string) error {
	if err := f.check(a); err != nil {
		return err
	}
	worst := exitOK
	for _, dir := range dirs {
		for st, err := range reaper.Scan(ctx, dir, f.o) {
			if err != nil {
				worst = max(worst, walkCode(dir, st.Path, err))
			}
			if werr := a.listOne(ctx, f.json, st, err); werr != nil {
				return werr
			}
		}
	}
	if worst == exitOK {
		return nil
	}
	return &codeError{code: worst}
}

func (a *app) listOne(ctx context.Context, asJSONLines bool, st reaper.Status, err error) error {
	if asJSONLines {
		return writeJSON(a.out, a.asJSON(ctx, st, err))
	}
	if err != nil {
		a.say("%v", err)
		if fi, serr := os.Lstat(st.Path); errors.Is(err, errNotDir) && serr == nil && !fi.IsDir() {
			a.hint(a.advice("inspect", st.Path))
		}
		return nil
	}
	_, werr := fmt.Fprintln(a.out, lockLine(string(st.State), st))
	return werr
}

// lockLine is one lock in one line; the path comes last, for it may be long.
func lockLine(first string, st reaper.Status) string {
	who := "-"
	switch {
	case st.State == reaper.Free:
	case st.Record != nil:
		who = owner(st.Record)
	case st.Foreign != nil:
		who = fmt.Sprintf("pid %d", st.Foreign.PID)
	}
	why := st.Rule
	if why == "" {
		why = "-"
	}
	return visible(fmt.Sprintf("%-11s  %-16s  %-40s  %4s  %s", first, why, who, age(st.Age(time.Now())), st.Path))
}

// walkCode is the exit code for something that could not be looked at: 66 when
// it is what the user named.
func walkCode(named, path string, err error) exitCode {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return exitPermission
	case path == absolutePath(named) || path == named:
		if code := exitCodeOf(err); code == exitNoDir {
			return code
		}
	}
	return exitInternal
}
