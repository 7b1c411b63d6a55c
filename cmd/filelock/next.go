package main

import (
	"strconv"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// step is what can be done about a lock: a command, when one would help, and
// what it means.
type step struct{ command, meaning string }

// nextStep is the same for people and for programs. The path in it is absolute
// and quoted for sh.
func nextStep(st reaper.Status) step {
	path := shell(st.Path)
	if path == "" {
		return step{meaning: "nothing that could be written down: the name ends in a newline"}
	}
	switch {
	case st.State == reaper.Free:
		return step{meaning: "nothing: it can be taken"}
	case st.State == reaper.Held:
		return step{"filelock wait " + path, "waits until it is free"}
	case st.State == reaper.Stale:
		return step{"filelock break " + path, "removes it; so does whoever wants the lock next"}
	case st.Denied() != nil:
		return step{meaning: "ask as a user who may read the file"}
	case st.Record != nil:
		return step{"filelock break --token " + shell(st.Record.Token) + " " + path, "removes it: only when you know that this owner is gone"}
	case st.Content == meta.Newer:
		return step{meaning: "ask a newer filelock"}
	case st.Content == meta.Foreign, st.Content == meta.Torn:
		return step{"filelock break --force " + path, "removes it: only when you know that nobody uses it"}
	}
	return step{meaning: "nothing: this is no lock file, choose another path for the lock"}
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
