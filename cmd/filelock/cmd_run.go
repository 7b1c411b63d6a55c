package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/filelock-go/filelock/lock"
)

// runFlags is the command line of `filelock run`.
type runFlags struct {
	wait      time.Duration // negative: for ever
	nonblock  bool
	shared    bool
	conflict  int
	close     bool
	command   string
	quiet     bool
	verbose   bool
	hard      bool
	lease     time.Duration // negative: not asked for
	fence     bool
	network   bool
	onLost    string
	note      string
	labels    []string
	hasString bool // -c was given

	path string
	argv []string // of COMMAND
	line string   // see childPlan
	name string   // for the record
}

// leastLease is the shortest that package lock takes.
const leastLease = 10 * time.Second

const (
	lostTerm   = "term"
	lostKill   = "kill"
	lostIgnore = "ignore"
)

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{wait: -1, lease: -1}
	cmd := &cobra.Command{
		Use:     "run [flags] LOCK [--] COMMAND [ARG...]",
		Short:   "Hold LOCK while COMMAND runs",
		Long:    runManual,
		Example: runExample,
		Args:    f.arguments,
		RunE:    a.checked(func(cmd *cobra.Command, _ []string) error { return a.runLocked(cmd.Context(), f) }),
	}
	f.register(cmd)
	exits(cmd, runExits, map[exitCode]string{
		exitConflict:  "the lock was not obtained in time (or the code that -E says)",
		exitNoCommand: "COMMAND cannot be executed; the lock was not touched",
		exitLost:      "the lock was lost while COMMAND ran (not with --on-lost ignore)",
	}, everywhere...)
	return cmd
}

func (f *runFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.SetInterspersed(false)
	fl.SortFlags = false
	fl.BoolVarP(&f.nonblock, "nonblock", "n", false, "do not wait for the lock (also --nb)")
	fl.VarP(seconds{&f.wait}, "wait", "w", "wait for at most `D`; 0 is -n (also --timeout; by default, for ever)")
	fl.IntVarP(&f.conflict, "conflict-exit-code", "E", int(exitConflict), "exit with `N` when the lock was not obtained in time; 0 also says nothing about it")
	fl.BoolFuncP("exclusive", "x", "exclusive lock: the default (also -e)", func(s string) error { return setBool(&f.shared, s, true) })
	fl.BoolFuncP("shared", "s", "shared lock, with --hard", func(s string) error { return setBool(&f.shared, s, false) })
	fl.StringVarP(&f.command, "command", "c", "", "run `STRING` by the shell (also after LOCK)")
	fl.BoolVarP(&f.close, "close", "o", false, closeUsage)
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "say nothing when the lock was not obtained in time")
	fl.BoolVar(&f.verbose, "verbose", false, "say what is waited for, broken and acquired")
	fl.BoolVar(&f.hard, "hard", false, hardUsage)
	fl.StringVar(&f.onLost, "on-lost", lostTerm, onLostUsage)
	fl.StringVar(&f.note, "note", "", "put `TEXT` into the lock file, for people")
	fl.StringArrayVar(&f.labels, "label", nil, "put `K=V` into the lock file; may be repeated")
	fl.Var(seconds{&f.lease}, "lease", "LOCK is lost when run was not able to renew it for `D`: 10s or more; 0 is never (by default, 60s over a network, else never)")
	fl.BoolVar(&f.fence, "fence", false, "number the acquisitions of LOCK: FILELOCK_FENCE, which all who use LOCK must ask for")
	fl.BoolVar(&f.network, "network", false, networkUsage)

	// Spellings of flock(1) that pflag has no other place for.
	alias := func(name, short string, set func(string) error) {
		fl.BoolFuncP(name, short, "", set)
		fl.Lookup(name).Hidden = true
	}
	alias("nb", "", func(s string) error { return setBool(&f.nonblock, s, false) })
	alias("e", "e", func(s string) error { return setBool(&f.shared, s, true) })
	fl.Var(seconds{&f.wait}, "timeout", "")
	fl.Lookup("timeout").Hidden = true

	const noUnlock = "a lock ends with its COMMAND; " + scriptsUse + scriptsUnlock
	alias("unlock", "u", func(string) error { return usagef("run: -u of flock(1) is not here").hint(noUnlock) })
	alias("no-fork", "F", func(string) error {
		return usagef("run: -F of flock(1) is not here: run must outlive COMMAND to release the lock").
			hint(noForkHint)
	})
	alias("fd", "", func(string) error { return usagef("run: --fd is not here: locks are named by path").hint(noUnlock) })
}

// setBool sets *b to what s says, or to the contrary.
func setBool(b *bool, s string, contrary bool) error {
	v, err := strconv.ParseBool(s)
	*b = v != contrary
	return err
}

// arguments checks the flags against each other and takes LOCK and COMMAND.
func (f *runFlags) arguments(cmd *cobra.Command, args []string) error {
	f.hasString = cmd.Flags().Changed("command")
	if f.nonblock {
		f.wait = 0
	}
	if f.conflict < 0 || f.conflict > 255 {
		return usagef("run: -E %d: an exit code is a number from 0 to 255", f.conflict)
	}
	if f.shared && !f.hard {
		return usagef("run: a soft lock cannot be shared").hint("add --hard: run --hard -s " + words(args))
	}
	switch {
	case f.hard && f.lease >= 0:
		return usagef("run: --lease and --hard exclude each other: a hard lock is the operating system's, which knows no lease")
	case f.hard && f.fence:
		return usagef("run: --fence and --hard exclude each other: a hard lock has no record that could name the fence")
	case f.lease > 0 && f.lease < leastLease:
		return usagef("run: --lease %s is too short: %s or more, or 0 for none", f.lease, leastLease).
			hint("a lease is no time limit: run renews it while it runs, however long COMMAND takes")
	}
	switch f.onLost {
	case lostTerm, lostKill, lostIgnore:
	default:
		return usagef("run: --on-lost %q: it is term, kill or ignore", f.onLost)
	}
	for _, l := range f.labels {
		if k, _, ok := strings.Cut(l, "="); !ok || k == "" {
			return usagef("run: --label %q is not K=V", l)
		}
	}
	if len(args) == 0 {
		return usagef("run: LOCK and COMMAND are missing").hint("usage: " + cmd.UseLine())
	}
	f.path, f.argv = args[0], args[1:]
	if err := f.stringAfterLock(); err != nil {
		return err
	}
	switch {
	case f.hasString && len(f.argv) > 0:
		return usagef("run: -c STRING and COMMAND %q exclude each other", f.argv[0]).hint(quoteHint)
	case f.hasString:
		f.argv, f.line = shellCommand(userShell(), f.command)
	case len(f.argv) == 0:
		if _, err := strconv.Atoi(f.path); err == nil {
			return usagef("run: COMMAND is missing, and a descriptor number as in flock(1) is not a lock here").
				hint("locks are named by path; " + scriptsUse)
		}
		return usagef("run: COMMAND is missing").hint("usage: " + cmd.UseLine())
	}
	f.name = filepath.Base(f.argv[0])
	return nil
}

// stringAfterLock takes what flock(1) allows between LOCK and COMMAND: `--`,
// or -c STRING.
func (f *runFlags) stringAfterLock() error {
	if len(f.argv) == 0 {
		return nil
	}
	switch first := f.argv[0]; {
	case first == "--":
		f.argv = f.argv[1:]
	case first == "-c" || first == "--command":
		switch {
		case f.hasString:
			return usagef("run: -c is there twice")
		case len(f.argv) != 2:
			return usagef("run: -c takes exactly one STRING").hint(quoteHint)
		}
		f.hasString, f.command, f.argv = true, f.argv[1], nil
	case strings.HasPrefix(first, "--command="):
		if f.hasString {
			return usagef("run: -c is there twice")
		}
		f.hasString, f.command, f.argv = true, strings.TrimPrefix(first, "--command="), f.argv[1:]
	}
	return nil
}

func userShell() string {
	if s := os.Getenv("SHELL"); s != "" {
		return s
	}
	return systemShell
}

// locker is the lock that the flags ask for.
func (f *runFlags) locker(a *app) held {
	opts := []lock.Option{lock.WithProgram(f.name)}
	if f.note != "" {
		opts = append(opts, lock.WithNote(f.note))
	}
	if len(f.labels) > 0 {
		labels := make(map[string]string, len(f.labels))
		for _, l := range f.labels {
			k, v, _ := strings.Cut(l, "=")
			labels[k] = v
		}
		opts = append(opts, lock.WithLabels(labels))
	}
	if f.lease >= 0 {
		opts = append(opts, lock.WithLease(f.lease))
	}
	if f.fence {
		opts = append(opts, lock.WithFence())
	}
	if f.network {
		opts = append(opts, lock.WithNetwork())
	}
	if f.verbose {
		opts = append(opts, lock.WithLogger(a.narrator()))
	}
	switch {
	case f.hard && f.shared:
		return sharedFile{lock.NewFile(f.path, opts...)}
	case f.hard:
		return lock.NewFile(f.path, opts...)
	}
	return lock.NewSoft(f.path, opts...)
}

// talks: it may be said that the lock is not obtained.
func (f *runFlags) talks() bool { return !f.quiet && f.conflict != 0 }

// conflictError ends run after contention, with the code that the flags ask
// for.
func (f *runFlags) conflictError(a *app, err error) error {
	if !f.talks() {
		return &codeError{code: exitCode(f.conflict)}
	}
	return a.notObtained(err, exitCode(f.conflict))
}
