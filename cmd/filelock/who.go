package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// whoHolds names the owner and says since when; "" when it is not known. The
// record of a hard lock may be an earlier holder's, so it counts only if it
// names one of the processes that hold the lock, or if these are not known.
func whoHolds(st reaper.Status, hs []reaper.Holder) (who, when string) {
	r := st.Record
	switch {
	case inherited(st) && len(hs) == 0:
		return fmt.Sprintf("a process that inherited it from pid %d, which has ended", r.PID), ""
	case inherited(st):
		return fmt.Sprintf("%s, which inherited it from pid %d, which has ended", holders(hs, r), r.PID), ""
	case r != nil && (r.Kind != meta.KindFile || len(hs) == 0 || hasPID(hs, r.PID)):
		return ownerAmong(hs, r), since(r.Created, time.Now())
	case len(hs) > 0:
		return holders(hs, r), ""
	case st.Foreign != nil:
		return fmt.Sprintf("pid %d (says a %s)", st.Foreign.PID, st.Foreign.Format), ""
	}
	return "", ""
}

// inherited: the process that the record names has ended, but somebody, as a
// rule its child, has its kernel lock. Where the pid means nothing to this
// host, that cannot be told.
func inherited(st reaper.Status) bool {
	r := st.Record
	if r == nil || r.Kind != meta.KindSoft || st.State != reaper.Held || st.Rule != reaper.RuleKernelLockHeld {
		return false
	}
	self, of := meta.Self(), r.Owner()
	if !meta.SameKernel(of, self) || !meta.SamePIDNamespace(of, self) {
		return false
	}
	p := meta.Look(r.PID)
	differs, comparable := meta.StartDiffers(r.Start, p.Start)
	return p.State == meta.Gone || p.State == meta.Exited || meta.SameTimeNamespace(of, self) && comparable && differs
}

func hasPID(hs []reaper.Holder, pid int) bool {
	for _, h := range hs {
		if h.PID == pid {
			return true
		}
	}
	return false
}

// owner describes the owner in a record, as "pid 4711 (backup) of root on db1".
func owner(r *meta.Record) string { return ownerAmong(nil, r) }

// ownerAmong is owner, with what its process itself is, if it is one of hs.
func ownerAmong(hs []reaper.Holder, r *meta.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "pid %d", r.PID)
	program := meta.Printable(r.Program)
	for _, h := range hs {
		if h.PID == r.PID {
			program = programs(h, r)
		}
	}
	if program != "" {
		fmt.Fprintf(&b, " (%s)", program)
	}
	if r.User != "" {
		fmt.Fprintf(&b, " of %s", meta.Printable(r.User))
	}
	fmt.Fprintf(&b, " on %s", meta.Printable(r.Hostname))
	return b.String()
}

// programs is what a holder is, and what the record says that it runs: that
// of filelock run names COMMAND.
func programs(h reaper.Holder, r *meta.Record) string {
	is := meta.Printable(h.Program)
	switch {
	case r == nil || r.PID != h.PID || r.Program == "" || r.Program == h.Program:
		return is
	case len(h.Program) >= 15 && strings.HasPrefix(r.Program, h.Program): // cut short by the kernel (TASK_COMM_LEN)
		return is
	case is == "":
		return meta.Printable(r.Program)
	}
	return is + ", running " + meta.Printable(r.Program)
}

func holder(h reaper.Holder, r *meta.Record) string {
	s := fmt.Sprintf("pid %d", h.PID)
	if is := programs(h, r); is != "" {
		s += fmt.Sprintf(" (%s)", is)
	}
	if h.User != "" {
		s += " of " + meta.Printable(h.User)
	}
	return s
}

// holders names them; r is the record of their lock, or nil.
func holders(hs []reaper.Holder, r *meta.Record) string {
	const most = 5
	var names []string
	for i, h := range hs {
		if i == most {
			names = append(names, fmt.Sprintf("%d more", len(hs)-most))
			break
		}
		names = append(names, holder(h, r))
	}
	return strings.Join(names, ", ")
}
