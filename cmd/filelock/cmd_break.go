package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

func (a *app) breakCommand() *cobra.Command {
	o := reaper.Options{}
	cmd := &cobra.Command{
		Use:   "break [--token T | --force] LOCK",
		Short: "Break this one lock",
		Long: `Remove LOCK if its owner is dead or its lease over.

With --token T you vouch that acquisition T (inspect shows it) is over: LOCK is
then removed also when it is unknown whether its owner is alive, or when only
the record says so, provided that it still is acquisition T. With --force,
whatever file is there is removed, a damaged one and one that is no lock file at
all too; on a terminal you are asked for the owner's pid, or for the word force.

A lock whose kernel lock some process holds is never removed: end the process.
One that another process is just breaking, over a network, is left to that.`,
		Example: `  filelock break /var/lib/job/job.lock
  filelock break --token 0d7e1ed6-2b0b-4c5c-8f3e-5c2a4e0b1a52 job.lock`,
		Args: argCount(1, 1, "LOCK"),
	}
	cmd.Flags().StringVar(&o.Token, "token", "", "you vouch that acquisition `T` is over")
	cmd.Flags().BoolVar(&o.Force, "force", false, "remove whatever file is there, unless some process holds its kernel lock")
	a.networkFlag(cmd)
	cmd.RunE = a.checked(func(cmd *cobra.Command, args []string) error {
		o.Network = a.network
		switch {
		case cmd.Flags().Changed("token") && o.Force:
			return usagef("break: --token and --force exclude each other")
		case cmd.Flags().Changed("token") && o.Token == "":
			return usagef("break: the token is empty").hint("inspect --json LOCK shows it in record.token")
		}
		return a.breakLock(cmd.Context(), args[0], o)
	})
	exits(cmd, "", map[exitCode]string{exitOK: "it is gone", exitHeld: exitHeld.meaning() + ", or another process is just breaking it"}, append([]exitCode{exitUnknown, exitLost}, everywhere...)...)
	return cmd
}

func (a *app) breakLock(ctx context.Context, path string, o reaper.Options) error {
	if o.Force {
		if err := a.mayForce(ctx, path); err != nil {
			return err
		}
	}
	st, err := reaper.Break(ctx, path, o)
	if err != nil {
		return a.notBroken(ctx, st, err)
	}
	switch {
	case !st.Exists:
		fmt.Fprintf(a.out, "%s: there is no lock\n", visible(absolutePath(path)))
	case st.State == reaper.Free && !o.Force:
		fmt.Fprintf(a.out, "%s: nobody holds it; a hard lock's file stays\n", visible(st.Path))
	default:
		text := "broken"
		if who, _ := whoHolds(st, nil); who != "" {
			text += ", was of " + who
		}
		if st.Rule != "" {
			text += fmt.Sprintf(": %s (%s)", st.Verdict, st.Rule)
		}
		fmt.Fprintf(a.out, "%s: %s\n", visible(st.Path), visible(text))
	}
	return nil
}

// notBroken adds to a refusal what can be done.
func (a *app) notBroken(ctx context.Context, st reaper.Status, err error) error {
	code := exitCodeOf(err)
	next := ""
	switch {
	case errors.Is(err, reaper.ErrGuarded):
		next = "try again in a moment"
		if g, ok := a.inTheWay(ctx, st); ok && (g.Content == meta.Malformed || g.Content == meta.Foreign) {
			next = "when you know what it is: " + a.advice("break --force", g.Path)
		} else if ok {
			next = a.advice("wait", g.Path) + " waits for that process, or until it was seen to have died there; then try again"
		}
	case errors.Is(err, reaper.ErrRefused) && (st.Rule == reaper.RuleKernelLockHeld || code == exitHeld && st.Record == nil):
		hs, _ := reaper.Holders(ctx, st)
		if len(hs) == 0 {
			next = unseenHint
		} else {
			next = "its kernel lock is held by " + holders(hs, st.Record) + ": the lock ends with that"
		}
	case errors.Is(err, reaper.ErrRefused):
		if s := a.nextStep(ctx, st); st.Verdict == reaper.Alive && st.Record != nil {
			next = "end its owner, pid " + strconv.Itoa(st.Record.PID) + " on " + st.Record.Hostname + ", or wait: " + a.advice("wait", st.Path)
		} else if st.Record != nil {
			next = "when you know that its owner is gone: " + a.vouching(st)
		} else if s.command != "" {
			next = "when you know that nobody uses it: " + s.command
		} else {
			next = s.meaning
		}
	case errors.Is(err, reaper.ErrChanged):
		next = a.advice("inspect", absolutePath(st.Path)) + " says what is there now"
	default:
		return err
	}
	return &codeError{code: code, err: err, next: next}
}

// mayForce asks on a terminal before anything is removed whatever it is.
func (a *app) mayForce(ctx context.Context, path string) error {
	st, err := a.look(ctx, path)
	switch {
	case err != nil || !st.Exists || st.Denied() != nil:
		return err // Break says it
	}
	if f, ok := a.in.(*os.File); ok && isTerminal(f) {
		return a.confirm(ctx, st)
	}
	return nil
}

// confirm asks on a terminal for what a person who has looked knows: the
// owner's pid, or that there is none.
func (a *app) confirm(ctx context.Context, st reaper.Status) error {
	want, what := "force", `"force"`
	switch {
	case st.Record != nil:
		want, what = strconv.Itoa(st.Record.PID), "its owner's pid"
	case st.Foreign != nil:
		want, what = strconv.Itoa(st.Foreign.PID), "its owner's pid"
	}
	_, _ = fmt.Fprintf(a.errs, "%s\nType %s to remove it: ", visible(a.heldBy(ctx, st)), what)
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if strings.TrimSpace(line) != want {
		return usagef("break: not confirmed, nothing was removed").hint(a.advice("inspect", st.Path) + " shows the owner")
	}
	return nil
}
