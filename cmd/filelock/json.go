package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/filelock-go/filelock/reaper"
)

// lockJSON is one lock as --json shows it. Scripts depend on the keys: every
// one is always there, a list is [] when it is empty, anything else null.
type lockJSON struct {
	Path     string          `json:"path"`     // absolute
	State    string          `json:"state"`    // free, held, stale, unknown
	Mode     *string         `json:"mode"`     // exclusive, shared
	Kind     *string         `json:"kind"`     // the record's, or what recognised foreign lock it is
	Verdict  *string         `json:"verdict"`  // alive, dead, expired, unknown
	Rule     *string         `json:"rule"`     // that decided
	Evidence []string        `json:"evidence"` // sentences
	Missing  *string         `json:"missing"`  // the proof that would decide
	Record   json.RawMessage `json:"record"`   // as in the file
	Holders  []holderJSON    `json:"holders"`  // live processes
	Next     *string         `json:"next"`     // the command that would help, quoted for sh
	Error    *string         `json:"error"`
}

// outcomeJSON is what reap adds.
type outcomeJSON struct {
	lockJSON
	Action string `json:"action"` // broken, would-break, kept, failed
}

type holderJSON struct {
	PID     int     `json:"pid"`
	Program *string `json:"program"`
	User    *string `json:"user"`
	KnownBy *string `json:"known_by"`
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// asJSON collects what is shown of one lock.
func (a *app) asJSON(ctx context.Context, st reaper.Status, err error) lockJSON {
	if err != nil || st.State == "" {
		st.State = reaper.StateUnknown
	}
	j := lockJSON{
		Path: st.Path, State: string(st.State), Mode: orNull(st.Mode), Kind: orNull(st.Kind),
		Verdict: orNull(string(st.Verdict)), Rule: orNull(st.Rule), Evidence: st.Evidence, Missing: orNull(st.Missing),
		Record: recordJSON(st.Raw), Holders: []holderJSON{}, Next: orNull(a.nextStep(ctx, st).command),
	}
	if j.Evidence == nil {
		j.Evidence = []string{}
	}
	var herr error
	if st.State == reaper.Held {
		var hs []reaper.Holder
		hs, herr = reaper.Holders(ctx, st)
		for _, h := range hs {
			j.Holders = append(j.Holders, holderJSON{PID: h.PID, Program: orNull(h.Program), User: orNull(h.User), KnownBy: orNull(h.KnownBy)})
		}
	}
	switch {
	case err != nil:
		j.Error = orNull(err.Error())
		j.Next = nil
	case herr != nil:
		j.Error = orNull(fmt.Sprintf("not all holders could be seen: %v", herr))
	}
	return j
}

// recordJSON is the record as it is in the file, if it is a JSON object.
func recordJSON(raw []byte) json.RawMessage {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' || !json.Valid(raw) {
		return nil
	}
	return raw
}

// writeJSON writes v as one line that is valid JSON and valid UTF-8 whatever
// is in paths and records, and has nothing in it that a terminal would obey.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	line := strings.TrimSuffix(b.String(), "\n")
	var out strings.Builder
	for _, r := range line { // bytes that are no UTF-8 come out as U+FFFD
		// Such characters are in strings only, where they may be escaped.
		if r < 0x7f || unicode.IsPrint(r) {
			out.WriteRune(r)
		} else if r <= 0xffff {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	out.WriteByte('\n')
	_, err := io.WriteString(w, out.String())
	return err
}
