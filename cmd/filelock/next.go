package main

import (
	"context"
	"strconv"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// step is what can be done about a lock: a command, when one would help, and
// what it means. or is another way, for people.
type step struct{ command, meaning, or string }

// nextStep is the same for people and for programs. The path in it is absolute
// and quoted for sh.
func (a *app) nextStep(ctx context.Context, st reaper.Status) step {
	if shell(st.Path) == "" {
		return step{meaning: "nothing that could be written down: the name ends in a newline"}
	}
	switch {
	case st.State == reaper.Free:
		return step{meaning: "nothing: it can be taken"}
	case st.State == reaper.Held && leased(st.Record):
		return step{command: a.advice("wait", st.Path), meaning: "waits until it is free, or its lease was seen to be over"}
	case st.State == reaper.Held:
		return step{command: a.advice("wait", st.Path), meaning: "waits until it is free"}
	case st.State == reaper.Stale:
		if g, ok := a.inTheWay(ctx, st); ok {
			return step{command: a.advice("wait", g.Path), meaning: "waits for the process that is breaking it, or until that was seen to have died there"}
		}
		return step{command: a.advice("break", st.Path), meaning: "removes it; so does whoever wants the lock next"}
	case st.Denied() != nil:
		return step{meaning: "ask as a user who may read the file"}
	case leased(st.Record):
		return step{a.advice("wait", st.Path), "watches it: until it is free, or its lease of " + leaseOf(st.Record) + " was seen to be over",
			"or, only when you know that this owner is gone: " + a.vouching(st)}
	case st.Record != nil:
		return step{command: a.vouching(st), meaning: "removes it: only when you know that this owner is gone"}
	case st.Content == meta.Newer:
		return step{meaning: "ask a newer filelock"}
	case st.Content == meta.Torn && !st.KernelBacked():
		return step{a.advice("wait", st.Path), "watches it: until it is whole, or its creator was seen to have died",
			"or, only when you know that nobody uses it: " + a.advice("break --force", st.Path)}
	case st.Content == meta.Foreign, st.Content == meta.Torn:
		return step{command: a.advice("break --force", st.Path), meaning: "removes it: only when you know that nobody uses it"}
	}
	return step{meaning: "nothing: this is no lock file, choose another path for the lock"}
}

// vouching is the command that breaks this very acquisition by the user's word.
func (a *app) vouching(st reaper.Status) string {
	return a.advice("break --token "+shell(st.Record.Token), st.Path)
}

// killCommand ends those who hold the lock, or is "" when they are not known or
// are none to be killed: the first process, this one, and those that it runs
// under. The owner in the record is enough: filelock run passes TERM on, and
// who took a lock is who to tell.
func killCommand(st reaper.Status, hs []reaper.Holder) string {
	spared, known := ancestors()
	if st.State != reaper.Held || len(hs) == 0 || !known {
		return ""
	}
	if r := st.Record; r != nil && hasPID(hs, r.PID) && !inherited(st) {
		hs = []reaper.Holder{{PID: r.PID}}
	}
	command := "kill"
	for _, h := range hs {
		if h.PID <= 1 || spared[h.PID] {
			return ""
		}
		command += " " + strconv.Itoa(h.PID)
	}
	return command
}
