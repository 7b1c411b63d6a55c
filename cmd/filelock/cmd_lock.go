package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/filelock-go/filelock/lock"
)

func (a *app) lockCommand() *cobra.Command {
	wait, nonblock, pid := time.Duration(-1), false, 0
	cmd := &cobra.Command{
		Use:   "lock [-n] [-w D] --pid P LOCK",
		Short: "Take LOCK for process P, a shell script, and print the token",
		Long: `Take LOCK for process P and print the token with which filelock unlock releases
it. The lock ends with unlock, or when P has ended and somebody else wants it.

Nothing but its pid and start time speaks for P: who looks from another host or
container cannot tell whether it is alive. Where a COMMAND will do, prefer
filelock run.`,
		Example: `  T=$(filelock lock -w 60 --pid $$ "$L") || exit
  ...
  filelock unlock --token "$T" "$L"`,
		Args: argCount(1, 1, "LOCK"),
	}
	cmd.Flags().IntVar(&pid, "pid", 0, "the process that is to own the lock: `P`, $$ in a script")
	cmd.Flags().BoolVarP(&nonblock, "nonblock", "n", false, "do not wait")
	cmd.Flags().VarP(seconds{&wait}, "wait", "w", "wait for at most `D`; 0 is -n (by default, for ever)")
	cmd.RunE = a.checked(func(cmd *cobra.Command, args []string) error {
		if !cmd.Flags().Changed("pid") {
			return usagef("lock: --pid is missing: a lock needs an owner that lives on").hint(`T=$(filelock lock --pid $$ "$L") || exit`)
		}
		if nonblock {
			wait = 0
		}
		return a.grant(cmd.Context(), args[0], pid, wait)
	})
	exits(cmd, "", map[exitCode]string{exitOK: "P owns the lock; its token was printed"}, append([]exitCode{exitConflict}, everywhere...)...)
	return cmd
}

func (a *app) grant(ctx context.Context, path string, pid int, wait time.Duration) error {
	signals := catchSignals()
	defer signals.stop()
	path = absolutePath(path)
	var token string
	err := obtain(ctx, signals, func(ctx context.Context) (err error) {
		token, err = lock.Grant(ctx, path, pid, lock.WithTimeout(wait))
		return err
	}, func() error { return lock.Revoke(ctx, path, token) })
	switch {
	case err == nil:
	case exitCodeOf(err) == exitConflict:
		return &codeError{code: exitConflict, err: fmt.Errorf("%s", a.contention(err))}
	default:
		return err
	}
	if _, err := fmt.Fprintln(a.out, token); err != nil {
		// A lock whose token nobody knows would be held for as long as P lives.
		if rerr := lock.Revoke(ctx, path, token); rerr != nil {
			a.say("%v", rerr)
		}
		return err
	}
	return nil
}

func (a *app) unlockCommand() *cobra.Command {
	var token string
	cmd := &cobra.Command{
		Use:     "unlock --token T LOCK",
		Short:   "Release what filelock lock has taken",
		Long:    "Release LOCK, provided that it still is acquisition T, which filelock lock printed.",
		Example: `  filelock unlock --token "$T" "$L"`,
		Args:    argCount(1, 1, "LOCK"),
	}
	cmd.Flags().StringVar(&token, "token", "", "the acquisition: `T`, what filelock lock printed")
	cmd.RunE = a.checked(func(cmd *cobra.Command, args []string) error {
		if token == "" {
			return usagef("unlock: --token is missing").hint("filelock lock printed it; inspect --json LOCK shows it in record.token")
		}
		return lock.Revoke(cmd.Context(), args[0], token)
	})
	exits(cmd, "", map[exitCode]string{exitOK: "it is released"}, append([]exitCode{exitHeld, exitLost}, everywhere...)...)
	return cmd
}
