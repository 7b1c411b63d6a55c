package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

func (a *app) inspectCommand() *cobra.Command {
	wait, asJSONLines := time.Duration(-1), false
	cmd := &cobra.Command{
		Use:   "inspect [-w D] [--json] LOCK...",
		Short: "Who holds LOCK, is that owner alive, how do we know, what next",
		Long: `Say who holds LOCK, whether that owner is alive, how that is known, and what
can be done next. It names the holders of other programs' locks too, where the
system shows them (Linux). Nothing is changed.

With -w, look again for up to D until the state is neither held nor unknown,
and then say what it is.

Of a lock with a lease whose owner is on another host only watching can tell.
What one look has seen is kept for the next, of any filelock of this user, in
` + stateDir + `.

With --json, one object a line. Every key is always there: a list may be [],
anything else null. New keys may come.
  path      absolute
  state     free, held, stale or unknown
  mode      exclusive or shared
  kind      soft, file (a hard lock) or guard; or what else the file looks like
  verdict   about the owner: alive, dead, expired or unknown
  rule      the rule that decided
  evidence  list of sentences: what was seen
  missing   the proof that would decide
  record    the object in the lock file, as it is
  holders   list of live processes: pid, program, user, known_by (descriptor,
            /proc/locks or record)
  next      the command that would help, quoted for sh
  error     what went wrong`,
		Example: `  filelock inspect /var/lib/job/job.lock
  filelock inspect --json *.lock | jq -r 'select(.state == "stale").path'`,
		Args: argCount(1, -1, "LOCK"),
	}
	cmd.Flags().VarP(seconds{&wait}, "wait", "w", "look again for at most `D` while it is held or unknown")
	cmd.Flags().BoolVar(&asJSONLines, "json", false, "one JSON object a line")
	a.networkFlag(cmd)
	cmd.RunE = a.checked(func(cmd *cobra.Command, args []string) error {
		return a.inspect(cmd.Context(), args, wait, asJSONLines)
	})
	exits(cmd, "", map[exitCode]string{exitOK: "free"}, append([]exitCode{exitHeld, exitStale, exitUnknown}, everywhere...)...)
	return cmd
}

func (a *app) inspect(ctx context.Context, paths []string, wait time.Duration, asJSONLines bool) error {
	worst := exitOK
	deadline := time.Now().Add(wait)
	for i, path := range paths {
		st, err := a.inspectUntil(ctx, path, deadline)
		if st.Path == "" || st.Path == path {
			st.Path = absolutePath(path)
		}
		if err != nil {
			err = lookError("inspect", st.Path, err)
			worst = max(worst, exitCodeOf(err))
		} else {
			worst = max(worst, stateCode(st.State))
		}
		if asJSONLines {
			if werr := writeJSON(a.out, a.asJSON(ctx, st, err)); werr != nil {
				return werr
			}
			continue
		}
		if err != nil {
			a.say("%v", err)
			if next := hintFor(err); next != "" {
				a.hint(next)
			}
			continue
		}
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		a.explain(ctx, st)
	}
	if worst == exitOK {
		return nil
	}
	return &codeError{code: worst}
}

func stateCode(s reaper.State) exitCode {
	switch s {
	case reaper.Free:
		return exitOK
	case reaper.Held:
		return exitHeld
	case reaper.Stale:
		return exitStale
	}
	return exitUnknown
}

// inspectUntil looks until the state is free or stale, or the deadline is over.
func (a *app) inspectUntil(ctx context.Context, path string, deadline time.Time) (reaper.Status, error) {
	for p := firstLook; ; {
		st, err := a.look(ctx, path)
		left := time.Until(deadline)
		if err != nil || st.State == reaper.Free || st.State == reaper.Stale || left <= 0 {
			return st, err
		}
		select {
		case <-ctx.Done():
			return st, context.Cause(ctx)
		case <-time.After(min(p, left)):
		}
		p = nextPause(p, st)
	}
}

// explain answers the four questions.
func (a *app) explain(ctx context.Context, st reaper.Status) {
	line := func(name, text string) { fmt.Fprintf(a.out, "  %-9s %s\n", name, visible(text)) }
	state := string(st.State)
	if st.Mode == "shared" {
		state += ", shared"
	}
	if st.Kind != "" {
		state += " (" + kindText(st.Kind) + ")"
	}
	fmt.Fprintf(a.out, "%s: %s\n", visible(st.Path), visible(state))
	if !st.Exists {
		return
	}
	var hs []reaper.Holder
	if st.State == reaper.Held {
		hs, _ = reaper.Holders(ctx, st) // who is not to be seen is not named
	}
	who, when := whoHolds(st, hs)
	switch {
	case st.State == reaper.Free:
	case who == "":
		line("owner", "not known")
	default:
		line("owner", strings.TrimSpace(who+" "+when))
	}
	if r := st.Record; r != nil && st.State != reaper.Free {
		if r.Note != "" {
			line("note", r.Note)
		}
		if r.OnBehalf {
			line("", "taken for that process by filelock lock or the like")
		}
		if leased(r) {
			text := leaseOf(r)
			if r.Kind == meta.KindSoft && st.State != reaper.Stale { // nobody renews a guard
				text += ", which its owner renews while it runs"
			}
			line("lease", text)
		}
		if r.Fence > 0 {
			line("fence", strconv.FormatUint(r.Fence, 10))
		}
	}
	if r := st.Record; len(hs) > 0 && !strings.HasPrefix(who, holders(hs, r)) && (len(hs) > 1 || r == nil || hs[0].PID != r.PID) {
		line("holders", holders(hs, r))
	} else if len(hs) == 0 && st.KernelLocked() {
		line("holders", fmt.Sprintf("not visible to user %q", meta.Self().User))
	}
	if st.Verdict != "" {
		line("alive", map[reaper.Verdict]string{
			reaper.Alive: "yes", reaper.Dead: "no, dead", reaper.Expired: "its lease is over", reaper.Unknown: "cannot be told from here",
		}[st.Verdict])
	}
	for i, e := range st.Evidence {
		switch {
		case i > 0:
			line("", e)
		case st.Rule != "":
			line("because", st.Rule+": "+e)
		default:
			line("because", e)
		}
	}
	if f := st.Foreign; f != nil {
		if is := nowHas(f.PID); is != "" {
			line("", is)
		}
	}
	if st.Missing != "" {
		line("missing", st.Missing)
	}
	if next := a.nextStep(ctx, st); next.command != "" {
		line("next", next.command)
		line("", next.meaning)
		if next.or != "" {
			line("", next.or)
		}
	} else {
		line("next", next.meaning)
	}
	if kill := killCommand(st, hs); kill != "" {
		line("", "or end it: "+kill)
	}
}

// nowHas says what has a pid that another program's lock file names: for
// people, who may know more. It proves nothing, for the file does not say
// where the pid is valid.
func nowHas(pid int) string {
	switch meta.Look(pid).State {
	case meta.Gone, meta.Exited:
		return fmt.Sprintf("here, no process has pid %d", pid)
	case meta.Running:
		d := meta.Describe(pid)
		if d.Program == "" {
			return ""
		}
		is := fmt.Sprintf("here, pid %d is %s", pid, meta.Printable(d.Program))
		if d.User != "" {
			is += " of " + meta.Printable(d.User)
		}
		return is
	}
	return ""
}

func kindText(kind string) string {
	switch kind {
	case "soft":
		return "soft lock"
	case "file":
		return "hard lock"
	case "guard":
		return "guard of a break"
	}
	return kind
}
