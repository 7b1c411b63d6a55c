package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/filelock-go/filelock/internal/doctor"
)

// doctorFlags are those of doctor.
type doctorFlags struct {
	o      doctor.Options
	kinds  []string
	peers  int
	wait   time.Duration
	json   bool
	second bool // this is the second process of an examination
}

func (a *app) doctorCommand() *cobra.Command {
	f := &doctorFlags{o: doctor.Options{Patience: doctor.DefaultPatience}, wait: doctor.DefaultWait}
	cmd := &cobra.Command{
		Use:   "doctor [--for KIND]... [--peers 2 [--wait D]] [--json] DIR",
		Short: "What locks in DIR can be trusted with, tried out",
		Long: `Find out by experiment what DIR can be trusted with: files are made there,
locked, touched, renamed and removed by this process and by a second one, and
what came of it is said check by check: "ok", "no", or "-" for what could not be
tried. The last lines say what that means for soft locks, hard locks and leases,
and which settings to use. The exit status is about those named with --for; by
default about all three on a local filesystem, elsewhere about soft locks and
leases, and about hard locks only with --peers.

Everything happens in a directory .filelock-doctor-ID of its own in DIR, which is
removed at the end, also when a signal ends it; what a killed run left there, a
later one removes. Each check gets D (--patience) to be answered, and after one
that got no answer nothing more is tried.

One host cannot show what two can do to each other. With --peers 2, run it on two
hosts at the same time, as the same user: they find each other in DIR and try in
addition who creates a file, how late each sees what the other did, whether
kernel locks exclude between them, and whether a counter file under a correct
lock loses updates.

With --json, one object a line for each check. Every key is always there. New
keys and new checks may come.
  check   its name
  ok      true, false, or null: it could not be tried, or does not apply
  detail  what came of it, for people; the text may change

The checks are filesystem, mount, exported, permissions, create-exclusive, link,
rename, unlink-open, kernel-locks, lock-after-death, timestamps, renewal, clock,
attribute-cache, fence; with --peers peers-create-exclusive, peers-open,
peers-stat, peers-remove-open, peers-kernel-locks, peers-counter-kept,
peers-counter, peers-counter-locked, peers; and then the conclusions
kernel-backed, soft, hard and lease, of which the last three decide the exit
status.`,
		Example: `  filelock doctor /var/lib/job
  filelock doctor --for soft /mnt/nfs && run-the-cluster
  filelock doctor --peers 2 /mnt/nfs      # on both hosts`,
		Args: argCount(1, 1, "DIR"),
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.kinds, "for", nil, "what DIR is to be trusted with: `soft|hard|lease`; may be repeated")
	fl.IntVar(&f.peers, "peers", 0, "`N` must be 2: try with a partner on another host what one cannot show")
	fl.Var(seconds{&f.wait}, "wait", "with --peers: wait at most `D` for the partner, and for each of its answers")
	fl.Var(seconds{&f.o.Patience}, "patience", "give each check `D` to be answered")
	fl.BoolVar(&f.json, "json", false, "one JSON object a line")
	fl.BoolVar(&f.second, "second", false, "")
	_ = fl.MarkHidden("second") // it is there
	cmd.ValidArgsFunction = completeDirs
	cmd.RunE = a.checked(func(cmd *cobra.Command, args []string) error {
		if err := f.check(cmd, args[0]); err != nil {
			return err
		}
		if f.second {
			return doctor.Serve(cmd.Context(), args[0], a.in, a.out)
		}
		return a.doctor(cmd.Context(), f, args[0])
	})
	exits(cmd, "", map[exitCode]string{
		exitOK: "DIR can be trusted with what was asked", exitUntrusted: "it cannot, with something; or no partner came",
		exitNoCreate: "nothing can be made in DIR (read-only, full)",
	}, exitUsage, exitNoDir, exitInternal, exitPermission)
	return cmd
}

func (f *doctorFlags) check(cmd *cobra.Command, dir string) error {
	if dir == "" { // an unset variable, not the working directory
		return usagef("doctor: DIR is empty")
	}
	for _, k := range f.kinds {
		kind := doctor.Kind(k)
		switch kind {
		case doctor.Soft, doctor.Hard, doctor.Lease:
			f.o.For = append(f.o.For, kind)
		default:
			return usagef("doctor: --for %q: it is soft, hard or lease", k)
		}
	}
	given := cmd.Flags().Changed
	switch {
	case f.o.Patience == 0:
		return usagef("--patience 0: no check can be answered in no time")
	case f.o.Patience > doctor.MostWait:
		return usagef("doctor: --patience %s is more than %s", f.o.Patience, doctor.MostWait)
	case given("peers") && f.peers != 2:
		return usagef("doctor: --peers %d: it can be done by two only", f.peers).hint("filelock doctor --peers 2 DIR, on two hosts at the same time")
	case given("wait") && !given("peers"):
		return usagef("doctor: --wait is for the partner, and there is no --peers").hint("--patience D is for what the checks ask of the filesystem")
	case f.wait == 0:
		return usagef("doctor: --wait 0: no partner can come in no time")
	case f.wait > doctor.MostWait:
		return usagef("doctor: --wait %s is more than %s", f.wait, doctor.MostWait)
	}
	f.o.Peers, f.o.Wait = f.peers == 2, f.wait
	return nil
}

func (a *app) doctor(ctx context.Context, f *doctorFlags, dir string) error {
	a.signals = catchSignals()
	a.signals.speak()
	f.o.Second = secondProcess
	f.o.Waiting = func() {
		a.say("waiting for a partner for up to %s", f.wait)
		a.hint("on another host: filelock doctor --peers 2 DIR, with DIR's name there")
	}
	trusted := false
	err := obtain(ctx, a.signals, func(ctx context.Context) (err error) {
		trusted, err = doctor.Run(ctx, dir, f.o, func(r doctor.Result) { a.tell(f.json, r) })
		return err
	}, func() error { return nil })
	if err == nil && !trusted {
		err = &codeError{code: exitUntrusted}
	}
	return err
}

// secondProcess is this program as the second process of an examination.
func secondProcess(dir string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return exec.Command(self, "doctor", "--second", "--", dir)
}

// tell says what came of a check. That it could not be written is remembered by
// a.out.
func (a *app) tell(asJSONLines bool, r doctor.Result) {
	if asJSONLines {
		_ = writeJSON(a.out, r)
		return
	}
	mark := "-"
	if r.OK != nil {
		mark = map[bool]string{true: "ok", false: "no"}[*r.OK]
	}
	const indent = 28
	text := strings.Join(wrapped(visible(r.Detail), 100-indent), "\n"+strings.Repeat(" ", indent))
	_, _ = fmt.Fprintf(a.out, "%-2s  %-22s  %s\n", mark, r.Check, text)
}

// wrapped breaks a text into lines of at most width letters, or of one word.
func wrapped(text string, width int) (lines []string) {
	line := ""
	for _, w := range strings.Fields(text) {
		switch {
		case line == "":
			line = w
		case len(line)+1+len(w) > width:
			lines = append(lines, line)
			line = w
		default:
			line += " " + w
		}
	}
	return append(lines, line)
}
