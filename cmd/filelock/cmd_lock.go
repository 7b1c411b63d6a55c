package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/filelock-go/filelock/lock"
)

func (a *app) lockCommand() *cobra.Command {
	wait, nonblock, fence, pid := time.Duration(-1), false, false, 0
	cmd := &cobra.Command{
		Use:   "lock [-n] [-w D] --pid P LOCK",
		Short: "Take LOCK for process P, a shell script, and print the token",
		Long: `Take LOCK for process P and print the token with which filelock unlock releases
it. The lock ends with unlock, or when P has ended and somebody else wants it.

Nothing but its pid and start time speaks for P: who looks from another host or
container cannot tell whether it is alive. Where a COMMAND will do, prefer
filelock run.`,
		Example: lockExample,
		Args:    argCount(1, 1, "LOCK"),
	}
	cmd.Flags().Var((*pidValue)(&pid), "pid", pidUsage)
	cmd.Flags().BoolVarP(&nonblock, "nonblock", "n", false, "do not wait")
	cmd.Flags().VarP(seconds{&wait}, "wait", "w", "wait for at most `D`; 0 is -n (by default, for ever)")
	cmd.Flags().BoolVar(&fence, "fence", false, "number the acquisitions of LOCK: inspect --json shows record.fence; all who use LOCK must ask for it")
	a.networkFlag(cmd)
	cmd.Flags().Func("lease", "", func(string) error {
		return usagef("lock: a lock for another process has no lease: nobody would renew it").
			hint("filelock run --lease D LOCK COMMAND renews one while COMMAND runs")
	})
	cmd.Flags().Lookup("lease").Hidden = true
	cmd.RunE = a.checked(func(cmd *cobra.Command, args []string) error {
		if !cmd.Flags().Changed("pid") {
			return usagef("lock: --pid is missing: a lock needs an owner that lives on").hint(lockHint)
		}
		if nonblock {
			wait = 0
		}
		opts := a.locking(lock.WithTimeout(wait))
		if fence {
			opts = append(opts, lock.WithFence())
		}
		return a.grant(cmd.Context(), args[0], pid, opts)
	})
	exits(cmd, "", map[exitCode]string{exitOK: "P owns the lock; its token was printed"}, append([]exitCode{exitConflict}, everywhere...)...)
	return cmd
}

// pidValue is the value of --pid.
type pidValue int

func (p *pidValue) Type() string   { return "P" }
func (p *pidValue) String() string { return "" }

func (p *pidValue) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil {
		return usagef("lock: --pid: %q is no process id", text).hint(pidHint)
	}
	*p = pidValue(n)
	return nil
}

func (a *app) grant(ctx context.Context, path string, pid int, opts []lock.Option) error {
	a.signals = catchSignals()
	a.signals.speak()
	path = absolutePath(path)
	var token string
	err := obtain(ctx, a.signals, func(ctx context.Context) (err error) {
		token, err = lock.Grant(ctx, path, pid, opts...)
		return err
	}, func() error { return lock.Revoke(ctx, path, token, a.locking()...) })
	switch {
	case err == nil:
	case exitCodeOf(err) == exitConflict:
		return a.notObtained(err, exitConflict)
	default:
		return err
	}
	if _, err := fmt.Fprintln(a.out, token); err != nil {
		// A lock whose token nobody knows would be held for as long as P lives.
		if rerr := lock.Revoke(ctx, path, token, a.locking()...); rerr != nil {
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
		Example: unlockExample,
		Args:    argCount(1, 1, "LOCK"),
	}
	cmd.Flags().StringVar(&token, "token", "", "the acquisition: `T`, what filelock lock printed")
	a.networkFlag(cmd)
	cmd.RunE = a.checked(func(cmd *cobra.Command, args []string) error {
		if token == "" {
			return usagef("unlock: --token is missing").hint("filelock lock printed it; inspect --json LOCK shows it in record.token")
		}
		return a.revoke(cmd.Context(), absolutePath(args[0]), token)
	})
	exits(cmd, "", map[exitCode]string{
		exitOK: "it is released", exitHeld: "its owner has a kernel lock, or another process is just breaking it",
	}, append([]exitCode{exitLost}, everywhere...)...)
	return cmd
}

func (a *app) revoke(ctx context.Context, path, token string) error {
	err := lock.Revoke(ctx, path, token, a.locking()...)
	code := exitCodeOf(err)
	if code != exitLost && code != exitHeld {
		return err
	}
	st, lerr := a.look(ctx, path)
	switch {
	case lerr != nil:
		return err
	case code == exitLost && !st.Exists:
		err = fmt.Errorf("unlock %q: there is no lock", path)
	case code == exitLost && st.Record != nil && st.Record.Token != token:
		err = fmt.Errorf("unlock %q: held under another token, by %s", path, owner(st.Record))
	case code == exitHeld && st.Record != nil && st.Record.KernelLock:
		err = fmt.Errorf("unlock %q: taken by a process with the kernel lock (filelock run or the library), not by filelock lock: it ends with pid %d",
			path, st.Record.PID)
	}
	return &codeError{code: code, err: err}
}
