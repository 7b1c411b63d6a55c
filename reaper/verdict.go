package reaper

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/filelock-go/filelock/meta"
)

const sep = os.PathSeparator

// judge goes through the rules in their order. free: a hard lock's file that
// nobody holds, which needs no verdict. doubt: the kernel lock that was seen
// may be a passing one.
func (r *Reaper) judge(s *sighting) (j Judgment, free, doubt bool) {
	c, rec := s.content, s.content.Record
	// kernel-lock-held comes first: a lock that somebody has outweighs any record.
	if (s.lock == lockHeldExcl || s.lock == lockShared) && (s.class.KernelBacked() || s.mayBeHard()) {
		j, doubt = r.held(s)
		return j, false, doubt
	}
	probed := s.lock == lockFree
	switch c.Class {
	case meta.Newer:
		return unproven(fmt.Sprintf("the lock file is of format %q, newer than %q which this program understands", c.Version, meta.Format),
			"a filelock that understands this format"), false, false
	case meta.Foreign:
		return foreign(c.Foreign, s), false, false
	case meta.Malformed:
		if meta.Mixed(s.raw, s.content) && probed {
			return Judgment{Evidence: []string{"a hard lock's file whose record was not written whole, and nobody holds a kernel lock on it"}}, true, false
		}
		j := unproven("the file is not a lock file: "+c.Reason, "a lock file's contents; filelock neither waits for nor removes what it does not understand")
		if probed {
			j.Evidence = append(j.Evidence, "nobody holds a kernel lock on it")
		}
		return j, false, false
	case meta.Torn:
		return torn(s, probed), false, false
	}
	if rec.Kind == meta.KindFile {
		if probed {
			return Judgment{Evidence: []string{"a hard lock's file, and nobody holds a kernel lock on it"}}, true, false
		}
		return unproven(fmt.Sprintf("a hard lock's file whose kernel lock could not be probed: %v", s.lockErr), "the kernel's answer about its lock"), false, false
	}
	return r.record(s, rec, probed), false, false
}

// held explains a kernel lock that somebody has. It is in doubt when the
// record does not name a process that certainly lives: then the holder may
// just be probing, breaking, or about to write its record.
func (r *Reaper) held(s *sighting) (Judgment, bool) {
	j := Judgment{Verdict: Alive, Rule: RuleKernelLockHeld}
	mode := "an exclusive"
	if s.lock == lockShared {
		mode = "a shared"
	}
	j.Evidence = append(j.Evidence, fmt.Sprintf("somebody holds %s kernel lock on the file: the attempt to lock it was refused", mode))
	rec := s.content.Record
	switch {
	case rec == nil || s.brief:
		return j, true
	case rec.Kind == meta.KindFile:
		return j, true // the record may be of an earlier holder
	}
	switch kin := r.kin(s); {
	case kin.gone():
		j.Evidence = append(j.Evidence, kin.why+"; somebody else has its kernel lock: a child that inherited the descriptor, or a process about to remove the lock")
		return j, true
	case kin.near && rec.KernelLock && s.copied(rec) == "":
		j.Evidence = append(j.Evidence, kin.why)
		return j, !kin.surely
	case rec.KernelLock && s.copied(rec) == "":
		j.Evidence = append(j.Evidence, fmt.Sprintf("the record's owner (pid %d on %s) took the kernel lock before it wrote the record", rec.PID, meta.Printable(rec.Hostname)))
	}
	return j, true
}

// record judges a whole soft (or guard) record whose kernel lock is free or
// does not matter.
func (r *Reaper) record(s *sighting, rec *meta.Record, probed bool) Judgment {
	var seen []string
	if rec.KernelLock && s.class.KernelBacked() {
		why, moved := s.copied(rec), r.moved(s, rec)
		switch {
		case why == "" && moved != "" && r.kin(s).near && !r.kin(s).dead:
			seen = append(seen, moved)
		case why == "" && probed:
			return Judgment{Verdict: Dead, Rule: RuleKernelLockFree, Evidence: []string{
				"its owner, pid " + strconv.Itoa(rec.PID) + " on " + meta.Printable(rec.Hostname) +
					", took the kernel lock on this very file (inode " + rec.Inode + " on " + meta.Printable(rec.Filesystem) + ") and keeps it while it lives",
				"nobody holds that kernel lock now: the owner, and every child that inherited its descriptor, has ended",
			}}
		case why == "":
			seen = append(seen, fmt.Sprintf("the kernel lock could not be probed: %v", s.lockErr))
		default:
			seen = append(seen, why)
		}
	}
	// The instance is 128 random bits made by this process: nobody else has it.
	self := r.host.Self()
	if !rec.OnBehalf && rec.Instance != "" && rec.Instance == self.Instance && rec.PID == self.PID && !r.host.Tokens.Has(rec.Token) {
		return Judgment{Verdict: Dead, Rule: RuleOwnProcess, Evidence: append(seen,
			fmt.Sprintf("the record names this very process (pid %d), which neither holds nor is taking acquisition %s", rec.PID, rec.Token))}
	}
	kin := r.kin(s)
	if kin.gone() {
		return Judgment{Verdict: Dead, Rule: RuleProcessGone, Evidence: append(seen, kin.evidence()...)}
	}
	if rec.LeaseMS > 0 {
		lease := fmt.Sprintf("%s%s, which its owner is to renew: %s", leaseEvidence, s.watched.term, s.watched.says())
		switch {
		case s.watched.over:
			return Judgment{Verdict: Expired, Rule: RuleLeaseExpired, Evidence: append(append(seen, kin.evidence()...), lease)}
		case s.watched.renewed:
			return Judgment{Verdict: Alive, Rule: RuleLeaseRenewed, Evidence: append(seen, lease)}
		}
		seen = append(seen, lease)
	}
	if kin.near {
		return Judgment{Verdict: Alive, Rule: RuleProcessAlive, Evidence: append(seen, kin.evidence()...)}
	}
	j := unproven("", kin.missing)
	j.Evidence = append(seen, kin.evidence()...)
	if rec.LeaseMS > 0 {
		j.Missing += fmt.Sprintf(", or its lease of %s seen unrenewed for its full length", ms(rec.LeaseMS))
	}
	return j
}

// leaseEvidence begins the sentence about a lease.
const leaseEvidence = "it has a lease of "

// Lease is the sentence of the evidence that says what is known of the owner's
// lease; "" where there is none.
func (j Judgment) Lease() string {
	for _, e := range j.Evidence {
		if strings.HasPrefix(e, leaseEvidence) {
			return e
		}
	}
	return ""
}

// copied says in words why the record's kernel lock says nothing about this
// file, or "" when it does: the record was written into this very inode.
func (s *sighting) copied(rec *meta.Record) string {
	if rec.Filesystem != s.class.Type || rec.Filesystem == "" {
		return fmt.Sprintf("the record was written on a file of filesystem %s, this one is on %s: a copy, or the same file seen through another mount",
			meta.Printable(rec.Filesystem), s.class.Type)
	}
	if !isNumber(rec.Inode, s.info.Ino) {
		return fmt.Sprintf("the record was written into inode %s, this file is inode %d: a copy", rec.Inode, s.info.Ino)
	}
	return ""
}

// moved says in words that the record was written on another device, or "".
// Two filesystems of one type have inodes of one number, and then a copy looks
// like the file itself but for its device. But many filesystems get another
// number at each mount (a restarted container's overlay), so this only speaks
// for an owner that is seen to live, and is no proof that the file is a copy.
func (r *Reaper) moved(s *sighting, rec *meta.Record) string {
	if rec.Device == "" || isNumber(rec.Device, s.info.Dev) || rec.BootID == "" || rec.BootID != r.host.Self().BootID {
		return ""
	}
	return fmt.Sprintf("the record was written on device %s, this file is on device %d: a copy, or mounted again", rec.Device, s.info.Dev)
}

// isNumber says whether s is n in decimal, as records say it.
func isNumber(s string, n uint64) bool {
	var b [20]byte
	return s == string(strconv.AppendUint(b[:0], n, 10))
}

func torn(s *sighting, probed bool) Judgment {
	what := "the file is empty"
	if len(s.raw) > 0 {
		what = "the file holds the beginning of a record only"
	}
	if s.class.KernelBacked() && probed && s.named {
		return Judgment{Verdict: Dead, Rule: RuleCreatorDied, Evidence: []string{
			what + ": whoever creates a lock here takes its kernel lock at once and then writes the record",
			"nobody holds a kernel lock on it: the creator ended before it was done, or it is the file of a hard lock that nobody holds",
		}}
	}
	if !s.class.KernelBacked() {
		switch seen := what + ", and " + s.watched.says(); {
		case !s.named:
			return unproven(what+"; a scan does not take it for a lock", "somebody who names the path as a lock")
		case s.watched.over:
			return Judgment{Verdict: Dead, Rule: RuleTorn, Evidence: []string{seen,
				"whoever creates a lock here gives up unless its record is written within half of the torn grace of " + tornGrace.String()}}
		default:
			return unproven(seen, "that it stays so for the torn grace of "+tornGrace.String()+" as watched from here: its creator may be slow")
		}
	}
	if !probed {
		return unproven(fmt.Sprintf("%s, and its kernel lock could not be probed: %v", what, s.lockErr), "the kernel's answer about its lock")
	}
	return unproven(what+"; a scan does not take it for a lock", "somebody who names the path as a lock")
}

func foreign(f *meta.ForeignOwner, s *sighting) Judgment {
	j := unproven(fmt.Sprintf("a %s that names pid %d", f.Format, f.PID), "")
	if f.Hostname != "" {
		j.Evidence[0] += " on host " + meta.Printable(f.Hostname)
	}
	if s.lock == lockFree {
		j.Evidence = append(j.Evidence, "nobody holds a kernel lock on it, but such a lock need not have one")
	}
	j.Missing = fmt.Sprintf("what the file does not say: the kernel and the PID namespace in which pid %d is meant", f.PID)
	return j
}

func unproven(seen, missing string) Judgment {
	j := Judgment{Verdict: Unknown, Rule: RuleUnproven, Missing: missing}
	if seen != "" {
		j.Evidence = []string{seen}
	}
	return j
}
