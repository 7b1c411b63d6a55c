package reaper

import (
	"fmt"
	"time"

	"github.com/filelock-go/filelock/meta"
)

// kinship is what this host can say about a record's process: whether its pid
// means anything here, and then what the kernel knows about it.
type kinship struct {
	near     bool     // same kernel, same PID namespace: pids can be compared
	dead     bool     // near, and the process has ended
	surely   bool     // near, and that very process runs: its start is equal
	fleeting bool     // the kernel would not say, this time
	where    string   // near: how we know that pids can be compared
	why      string   // what the kernel said about the process
	missing  string   // not near: the proof that would decide
	seen     []string // not near: what differs
}

func (k kinship) gone() bool { return k.near && k.dead }

func (k kinship) evidence() []string {
	if k.near {
		return []string{k.where, k.why}
	}
	return k.seen
}

// kin is kinship with the record of a sighting, asked once.
func (r *Reaper) kin(s *sighting) kinship {
	if s.kinship == nil {
		var k kinship
		if s.recall != nil && len(s.raw) <= recallText {
			k, s.recalled = s.recall.kinship(r, s.content.Record)
		} else {
			k = r.kinship(s.content.Record)
		}
		s.kinship = &k
	}
	return *s.kinship
}

// kinship asks the kernel about the record's process, if it is the kernel that
// the record means. Only the kernel's own statement makes a process dead: no
// such process, exited, or another start time. EPERM, an unreadable /proc and
// a zombie's living threads never do.
func (r *Reaper) kinship(rec *meta.Record) kinship {
	self, owner := r.host.Self(), rec.Owner()
	if !meta.SameKernel(owner, self) {
		return strange(rec, owner, self)
	}
	if !meta.SamePIDNamespace(owner, self) {
		return kinship{
			seen: []string{fmt.Sprintf("the record was written under this kernel, but in PID namespace %s while this process is in %s: pid %d means another process here",
				orUnknown(owner.PIDNamespace), orUnknown(self.PIDNamespace), rec.PID)},
			missing: fmt.Sprintf("a look from PID namespace %s (the owner's container) whether pid %d still runs there", orUnknown(owner.PIDNamespace), rec.PID),
		}
	}
	k := kinship{near: true, where: "the record was written under this kernel (boot id and machine id are equal) and in this PID namespace"}
	p := r.host.Look(rec.PID)
	switch p.State {
	case meta.Gone:
		k.dead, k.why = true, fmt.Sprintf("no process has pid %d", rec.PID)
		return k
	case meta.Exited:
		k.dead, k.why = true, fmt.Sprintf("process %d has exited; its parent has not collected it yet (a zombie), or somebody has a handle to it", rec.PID)
		return k
	case meta.StateUnknown:
		return kinship{
			fleeting: true,
			seen:     []string{k.where, fmt.Sprintf("the kernel does not say whether process %d runs: %v", rec.PID, p.Err)},
			missing:  fmt.Sprintf("the kernel's answer whether process %d runs", rec.PID),
		}
	}
	if !meta.SameTimeNamespace(owner, self) {
		k.why = fmt.Sprintf("process %d runs; whether it is still the owner cannot be told, its start was written in time namespace %s and this process is in %s",
			rec.PID, orUnknown(owner.TimeNamespace), orUnknown(self.TimeNamespace))
		return k
	}
	differs, comparable := meta.StartDiffers(rec.Start, p.Start)
	switch {
	case !comparable:
		k.why = fmt.Sprintf("process %d runs; whether it is still the owner cannot be told, its start time is not readable", rec.PID)
	case differs:
		k.dead = true
		k.why = fmt.Sprintf("pid %d was reused: the owner started at %s, the process that has the pid now at %s", rec.PID, rec.Start, p.Start)
	default:
		k.surely = true
		k.why = fmt.Sprintf("process %d runs and started when the owner did (%s)", rec.PID, rec.Start)
	}
	return k
}

func strange(rec *meta.Record, owner, self meta.Identity) kinship {
	k := kinship{missing: fmt.Sprintf("a look from the owner's host (%s) whether its pid %d still runs", meta.Printable(rec.Hostname), rec.PID)}
	switch {
	case owner.BootID == "" || owner.MachineID == "":
		k.seen = append(k.seen, fmt.Sprintf("the record (pid %d on %s) does not say under which kernel its pid is valid", rec.PID, meta.Printable(rec.Hostname)))
	case self.BootID == "" || self.MachineID == "":
		k.seen = append(k.seen, "this host does not tell its boot id and machine id, so it cannot be known whether the owner's pid is one of its own")
	case owner.MachineID != self.MachineID:
		k.seen = append(k.seen, fmt.Sprintf("the record was written on another machine (%s, machine id %s; this one is %s)",
			meta.Printable(rec.Hostname), meta.Printable(owner.MachineID), self.MachineID))
	default:
		k.seen = append(k.seen, fmt.Sprintf("the record was written under another boot id (%s; this one is %s) with this machine's id", meta.Printable(owner.BootID), self.BootID),
			"that is a reboot or a cloned machine, and nothing here tells which")
	}
	if owner.Hostname != "" && owner.Hostname == self.Hostname {
		k.seen = append(k.seen, "the host names are equal, which proves nothing")
	}
	return k
}

func orUnknown(s string) string {
	if s == "" {
		return "(not known)"
	}
	return meta.Printable(s)
}

func ms(n int64) time.Duration {
	if n > int64(1<<63-1)/int64(time.Millisecond) {
		return 1<<63 - 1
	}
	return time.Duration(n) * time.Millisecond
}
