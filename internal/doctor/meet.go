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
	"github.com/filelock-go/filelock/meta"
)

// meetingFile is where two partners find each other, in the examined
// directory: who creates it leads, the other one joins.
const meetingFile = benchPrefix + "peers"

// claimFile among the mail is created by the one who joins.
const claimFile = filePrefix + "claim"

// greeting is who somebody is, and in the meeting file, where the bench is, and
// the one for the mail.
type greeting struct {
	ID   string `json:"id,omitempty"`
	Mail string `json:"mail,omitempty"`
	Host string `json:"host"`
	Boot string `json:"boot,omitempty"`
	PID  int    `json:"pid"`
}

func self() greeting {
	me := meta.Self()
	return greeting{Host: me.Hostname, Boot: me.BootID, PID: me.PID}
}

// pair is this process and its partner, in a bench that both have. The mail has
// one of its own: whoever asks a server for one name learns about the whole
// directory, and would see there at once what else may be hidden for long.
type pair struct {
	*mailbox
	b, post *bench
	h       *hand // what this process does for both
	leads   bool
	me, you greeting
}

// clear clears away what both had.
func (p *pair) clear() error { return errors.Join(p.b.clear(), p.post.clear()) }

// How long a meeting file may be there with nothing coming of it: a leader who
// is joined removes it at once. It, or the one who joined it, is dead then, and
// if it is not, it sees that its file is gone, and begins anew: it looks that
// often.
var (
	unheard  = 5 * time.Second
	lookback = 500 * time.Millisecond
)

// errAlone: nobody came.
var errAlone = errors.New("no partner came")

// errAgain: the meeting must be begun anew.
var errAgain = errors.New("begin anew")

// meet finds the partner, within the time to wait.
func (b *bench) meet(ctx context.Context) (*pair, error) {
	me := self()
	out := b.o.FS.At(b.outside)
	watch := &watched{}
	for end := time.Now().Add(b.o.Wait); ; {
		var p *pair
		f, err := out.Create(meetingFile, 0o600)
		switch {
		case err == nil:
			p, err = b.lead(ctx, out, f, me, end) // which closes f
		case errors.Is(err, fs.ErrExist):
			p, err = b.join(ctx, out, me, watch)
		}
		if err == nil {
			p.b.class, p.b.mounted = b.class, b.mounted
		}
		if err == nil || !errors.Is(err, errAgain) {
			return p, err
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("%w within %s", errAlone, b.o.Wait)
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// lead makes the bench for two, says in the meeting file where it is, and waits
// until somebody joins.
func (b *bench) lead(ctx context.Context, out fsys.Dir, f fsys.File, me greeting, end time.Time) (p *pair, err error) {
	// It takes no kernel lock: over SMB nobody could read the file then.
	info, err := f.Info()
	defer func() {
		// Nobody else is to find it, whatever came of it.
		if err2 := fsys.Remove(out, meetingFile, info.ID); err == nil && err2 != nil {
			err = err2
		}
		_ = f.Close()
		if err != nil && p != nil {
			_ = p.clear()
			p = nil
		}
	}()
	if err != nil {
		return nil, err
	}
	me.ID, me.Mail = newID(), newID()
	p = &pair{b: benchAt(b.outside, me.ID, b.o), post: benchAt(b.outside, me.Mail, b.o), leads: true, me: me}
	p.mailbox = &mailbox{dir: p.post.dir, mine: leaderBox, theirs: guestBox, wait: lookback}
	if err := errors.Join(p.b.make(), p.post.make()); err != nil {
		return p, err
	}
	for _, box := range []string{leaderBox, guestBox} {
		f, err := p.dir.Create(box, 0o600)
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			return p, err
		}
	}
	line, err := json.Marshal(me)
	if err != nil {
		return p, err
	}
	line = append(line, '\n')
	if err := errors.Join(f.Write(line), f.Sync()); err != nil {
		return p, err
	}
	for {
		switch err := p.receive(ctx, &p.you); {
		case err == nil:
			p.partner, p.wait = meta.Printable(p.you.Host), b.o.Wait
			return p, p.send(me)
		case !errors.Is(err, errNoAnswer):
			return p, err
		case time.Now().After(end):
			return p, fmt.Errorf("%w within %s", errAlone, b.o.Wait)
		}
		now, err := look(out, meetingFile)
		if errors.Is(err, fs.ErrNotExist) || err == nil && now.ID != info.ID {
			return p, errAgain // somebody took this one for dead
		}
	}
}

// watched is what was seen of a meeting file, and since when it is so.
type watched struct {
	text  string
	since time.Time
}

// dead says whether nothing has come of the meeting for long.
func (w *watched) dead(text string) bool {
	if w.since.IsZero() || text != w.text {
		w.text, w.since = text, time.Now()
	}
	return time.Since(w.since) > unheard
}

// join joins the leader of the meeting file. errAgain: there is none that could
// be joined, and what a dead one left is removed.
func (b *bench) join(ctx context.Context, out fsys.Dir, me greeting, watch *watched) (*pair, error) {
	f, err := out.Open(meetingFile, fsys.OpenRead)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errAgain
	}
	if err != nil {
		return nil, err
	}
	text, err := f.Read(mostMail)
	info, ierr := f.Info()
	if err := errors.Join(err, ierr, f.Close()); err != nil {
		return nil, err
	}
	over := func() error {
		if err := fsys.Remove(out, meetingFile, info.ID); err != nil {
			return err
		}
		return errAgain
	}
	line, _, whole := bytes.Cut(text, []byte("\n"))
	var leader greeting
	if !whole || json.Unmarshal(line, &leader) != nil || !isID(leader.ID) || !isID(leader.Mail) {
		if watch.dead(string(text)) {
			return nil, over()
		}
		return nil, errAgain
	}
	p := &pair{b: benchAt(b.outside, leader.ID, b.o), post: benchAt(b.outside, leader.Mail, b.o), me: me, you: leader}
	p.mailbox = &mailbox{dir: p.post.dir, mine: guestBox, theirs: leaderBox, wait: unheard}
	claim, err := p.dir.Create(claimFile, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrNotExist): // it has a partner, or has ended
		if watch.dead(string(text)) {
			return nil, over()
		}
		return nil, errAgain
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the partner on %s is another user: both must be the same: %w", meta.Printable(leader.Host), err)
	case err != nil:
		return nil, err
	}
	if err := claim.Close(); err != nil {
		return nil, err
	}
	if err := p.send(me); err == nil {
		err = p.receive(ctx, &p.you)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err == nil {
			p.partner, p.wait = meta.Printable(p.you.Host), b.o.Wait
			return p, nil
		}
	}
	_ = p.clear() // it is a dead leader's, and the claim makes it this process's
	return nil, over()
}
