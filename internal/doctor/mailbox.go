package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// mailbox is how two hosts talk through a directory: each has a file to which
// it adds lines, and reads the other's.
//
// The files are there before anybody looks for them, so that no client has a
// name in its cache that was not there. They are opened afresh for every look,
// and only ever grow: a client that takes two versions for the same, because
// they are of the same tick of the server's clock, still sees that the size is
// another.
type mailbox struct {
	dir          fsys.Dir
	mine, theirs string
	written      []byte // all that mine holds
	read         int    // bytes of theirs that were received
	wait         time.Duration
	partner      string // for messages, once it is known
}

const (
	leaderBox = filePrefix + "mail-a"
	guestBox  = filePrefix + "mail-b"
	mostMail  = 256 << 10
)

// errNoAnswer: the partner is dead, frozen or cut off, or did not come.
var errNoAnswer = errors.New("no answer")

// errGone: the partner cleared the bench away, so it has ended.
var errGone = errors.New("the partner has ended before its time, and cleared away")

func (m *mailbox) send(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	m.written = append(append(m.written, line...), '\n')
	f, err := m.dir.Open(m.mine, fsys.OpenWrite)
	if err != nil {
		return m.asGone(err)
	}
	return errors.Join(f.Write(m.written), f.Sync(), f.Close())
}

// receive waits for the partner's next line.
func (m *mailbox) receive(ctx context.Context, v any) error {
	end := time.Now().Add(m.wait)
	for p := 2 * time.Millisecond; ; p = min(p*3/2, 50*time.Millisecond) {
		text, err := m.theirText()
		if err != nil {
			return err
		}
		if m.read <= len(text) {
			if line, _, whole := bytes.Cut(text[m.read:], []byte("\n")); whole {
				m.read += len(line) + 1
				return json.Unmarshal(line, v)
			}
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s gave %w for %s", m.who(), errNoAnswer, m.wait)
		}
		if err := pause(ctx, p); err != nil {
			return err
		}
	}
}

func (m *mailbox) theirText() ([]byte, error) {
	f, err := m.dir.Open(m.theirs, fsys.OpenListed)
	if err != nil {
		return nil, m.asGone(err)
	}
	text, err := f.Read(mostMail)
	return text, m.asGone(errors.Join(err, f.Close()))
}

// asGone: the mail is never removed but with its bench. Over NFS the first
// answer about something that was removed may be another (ESTALE).
func (m *mailbox) asGone(err error) error {
	if err == nil {
		return nil
	}
	if _, lerr := m.dir.Lstat("."); errors.Is(err, fs.ErrNotExist) || errors.Is(lerr, fs.ErrNotExist) {
		return errGone
	}
	return err
}

func (m *mailbox) who() string {
	if m.partner == "" {
		return "the partner"
	}
	return "the partner on " + m.partner
}

func (m *mailbox) ask(ctx context.Context, r request) (reply, error) {
	if err := m.send(r); err != nil {
		return reply{}, err
	}
	var re reply
	if err := m.receive(ctx, &re); err != nil {
		return reply{}, err
	}
	return re, re.error()
}

// The requests that are the mailbox's own.
const (
	doTurn    = "your-turn" // now the other one asks
	doResults = "results"   // these are mine, give me yours: nothing more is asked
)

// step is what one request may take, so that its reply comes before the partner
// gives up.
func (m *mailbox) step() time.Duration { return m.wait * 2 / 3 }

// serve does what the partner asks until it gives the turn or its results,
// which are returned; mine are given for them.
func (m *mailbox) serve(ctx context.Context, h *hand, mine []Result) (theirs []Result, err error) {
	for {
		var r request
		if err := m.receive(ctx, &r); err != nil {
			return nil, err
		}
		switch r.Do {
		case doTurn:
			return nil, m.send(reply{})
		case doResults:
			err := m.send(reply{Said: mine})
			if err == nil {
				// Nothing is cleared away before the partner has read that. If it
				// does not say so it is dead, and all is known nevertheless.
				_ = m.receive(ctx, &reply{})
			}
			return r.Said, err
		}
		err := func() error {
			ctx, cancel := context.WithTimeout(ctx, m.step())
			defer cancel()
			return m.send(h.do(ctx, r))
		}()
		if err != nil {
			return nil, err
		}
	}
}
