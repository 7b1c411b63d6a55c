package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/filelock-go/filelock/meta"
)

// The checks that need two.
const (
	checkPeers        = "peers"
	checkPeersCreate  = "peers-create-exclusive"
	checkPeersOpen    = "peers-open"
	checkPeersStat    = "peers-stat"
	checkPeersRemove  = "peers-remove-open"
	checkPeersLocks   = "peers-kernel-locks"
	checkPeersKept    = "peers-counter-kept"
	checkPeersCounter = "peers-counter"
	checkPeersLocked  = "peers-counter-locked"
)

// peersChecks are those in their order, but the first, which is known last.
var peersChecks = []string{checkPeersCreate, checkPeersOpen, checkPeersStat, checkPeersRemove, checkPeersLocks, checkPeersKept, checkPeersCounter, checkPeersLocked}

// peers finds the partner and makes with him the experiments that need two.
func (r *run) peers(ctx context.Context, b *bench) {
	if r.silent {
		r.say(checkPeers, untried("not tried: the filesystem gave no answer before"))
		return
	}
	if r.o.Waiting != nil {
		r.o.Waiting()
	}
	var p *pair
	var err error
	met := bounded(ctx, r.o.Wait+r.o.Patience, func(ctx context.Context) { p, err = b.meet(ctx) }, func() {
		if p != nil {
			_ = p.clear() // nobody is left to tell
		}
	})
	switch {
	case ctx.Err() != nil:
		if met && p != nil {
			_ = clearWithin(r.o.Patience, b.outside, p.clear) // the interruption is what is told
		}
		return
	case !met:
		r.silent = true
		r.say(checkPeers, bad("no answer from the filesystem while a partner was looked for"))
		return
	case err != nil:
		r.say(checkPeers, alone(err))
		return
	}
	var found, list map[string]finding
	var ferr error // and list: looked at only when the experiments came to an end
	if bounded(ctx, p.longest(), func(ctx context.Context) { list, ferr = p.experiments(ctx) }, nil) {
		found, err = list, ferr
	} else {
		err = errors.New("no answer from the filesystem")
	}
	if p.leads || err != nil {
		// The leader clears away; the guest only after a leader who may be dead.
		if cerr := clearWithin(r.o.Patience, b.outside, p.clear); err == nil {
			err = cerr
		}
	}
	if ctx.Err() != nil {
		return
	}
	for _, name := range peersChecks {
		f, ok := found[name]
		if !ok {
			f = untried("not tried, or not to its end: see %s", checkPeers)
		}
		r.say(name, f)
	}
	r.say(checkPeers, p.met(err))
}

func alone(err error) finding {
	if errors.Is(err, errAlone) {
		return bad("%v: run the same command on another host that has this directory, at the same time and as the same user", err)
	}
	return bad("no partner was met: %v", err)
}

// met is the finding about the partner, after all.
func (p *pair) met(err error) finding {
	you := fmt.Sprintf("a partner on %s, pid %d", meta.Printable(p.you.Host), p.you.PID)
	switch {
	case err != nil:
		return bad("%s, was met, but not all was tried: %v", you, err)
	case p.you.Boot != "" && p.you.Boot == p.me.Boot:
		return good("%s: the same machine, so this says nothing about two", you)
	}
	return good("%s", you)
}

// longest bounds all the experiments together, in case that a call does not come
// back. Without that each message comes within the wait, or they end.
func (p *pair) longest() time.Duration { return 3 * p.wait }

// experiments makes all of them: the leader leads those that are for both, each
// tries what is seen from its side, and at the end both know both's findings.
func (p *pair) experiments(ctx context.Context) (found map[string]finding, err error) {
	h := newHand(p.b.dir)
	defer h.close()
	p.h = h
	found = make(map[string]finding)
	if !p.leads {
		if _, err := p.serve(ctx, h, nil); err != nil {
			return found, err
		}
		if err := p.seen(ctx, found); err != nil {
			return found, err
		}
		re, err := p.ask(ctx, request{Do: doResults, Said: results(found)})
		if err != nil {
			return found, err
		}
		p.merge(found, re.Said)
		_ = p.send(reply{}) // now the leader clears away; it does in any case
		return found, nil
	}
	for _, try := range []func(context.Context, map[string]finding) error{p.creates, p.seen, p.counters} {
		if err := try(ctx, found); err != nil {
			return found, err
		}
	}
	if _, err := p.ask(ctx, request{Do: doTurn}); err != nil {
		return found, err
	}
	said, err := p.serve(ctx, h, results(found))
	if err != nil {
		return found, err
	}
	p.merge(found, said)
	return found, nil
}

func results(found map[string]finding) (list []Result) {
	for _, name := range peersChecks {
		if f, ok := found[name]; ok {
			list = append(list, Result{name, f.ok, f.detail})
		}
	}
	return list
}

// mostDetail bounds what a partner can say.
const mostDetail = 2000

// merge adds what the partner found. Of what both tried, each from its side,
// the worse counts.
func (p *pair) merge(found map[string]finding, theirs []Result) {
	for _, t := range theirs {
		f, both := found[t.Check]
		detail := t.Detail[:min(len(t.Detail), mostDetail)]
		if !both {
			found[t.Check] = finding{t.OK, detail}
			continue
		}
		f.ok = worse(f.ok, t.OK)
		if f.detail == detail {
			found[t.Check] = f
			continue
		}
		f.detail = fmt.Sprintf("here: %s; on %s: %s", f.detail, meta.Printable(p.you.Host), detail)
		found[t.Check] = f
	}
}

// worse: what failed is worse than what could not be tried.
func worse(a, b *bool) *bool {
	switch {
	case a != nil && !*a, b != nil && !*b:
		return &no
	case a == nil || b == nil:
		return nil
	}
	return a
}

// creates has both create the same files at the same time, a few at once, so
// that whoever was told later catches up with the other.
func (p *pair) creates(ctx context.Context, found map[string]finding) error {
	const batches, each = 5, 40
	ours, theirs := 0, 0
	for batch := range batches {
		name := fmt.Sprintf("%srace%d", filePrefix, batch)
		wins := make([]int, each)
		won, err := p.b.raceWith(ctx, p, name, wins)
		if err != nil {
			return err
		}
		theirs += len(won)
		for i, n := range wins {
			if n != 1 {
				found[checkPeersCreate] = bad("%d created %s, each as the only one: O_EXCL excludes nobody between hosts "+
					"(over NFSv3, see also whether both were started from one snapshot)", n, raced(name, i))
				return nil
			}
			ours++
		}
	}
	ours -= theirs
	found[checkPeersCreate] = good("%d files, each created by exactly one: %d by the host that led, %d by the other", ours+theirs, ours, theirs)
	return nil
}

// counters has both count up a counter file under a correct lock.
func (p *pair) counters(ctx context.Context, found map[string]finding) error {
	const each = 100
	for _, c := range []struct{ check, how, good, bad string }{
		{checkPeersKept, countKept, "kept open all the time",
			"what was read came from a cache. Open data files after taking the lock, and close them before releasing it"},
		{checkPeersCounter, countPlain, "opened after the lock was taken and closed before it was released", p.whyLost()},
		{checkPeersLocked, countLocked, "opened after the lock was taken, itself locked with a kernel lock, and closed before the lock was released",
			"do not share data in files between these hosts"},
	} {
		name := filePrefix + "counter" + c.how
		if err := p.b.startCounter(name); err != nil {
			return err
		}
		done, cerr, err := p.countBoth(ctx, name, each, c.how)
		if err != nil {
			return err
		}
		n, rerr := readCounter(p.b.dir, name)
		switch {
		case cerr != nil || rerr != nil:
			found[c.check] = bad("a counter file under a correct lock, %s: %v", c.good, errors.Join(cerr, rerr))
		case n != done:
			found[c.check] = bad("%d of %d updates of a counter file under a correct lock were lost, %s: %s", done-n, done, c.good, c.bad)
		default:
			found[c.check] = good("%d of %d updates of a counter file under a correct lock arrived, %s", n, done, c.good)
		}
	}
	return nil
}

// whyLost says why updates are lost in spite of everything, and what helps.
func (p *pair) whyLost() string {
	const lock = "Take a kernel lock on the data file itself, around reading and writing it"
	switch p.b.class.Type {
	case "nfs", "nfs4":
		return "a client takes two versions of a file for one when they are of the same tick of the server's clock (NFSv3). " + lock + ", or mount with vers=4.2, or with noac"
	case "cifs", "smb", "smb2", "smbfs":
		return "a client may answer a read from its cache before it has heard of another's write. " + lock + ", or mount with cache=none"
	}
	return "what was read came from a cache. " + lock
}

// countBoth returns how often both counted, what went wrong with counting, and
// what went wrong between the two.
func (p *pair) countBoth(ctx context.Context, name string, each int, how string) (done int64, cerr, err error) {
	type counted struct {
		n   int64
		err error
	}
	own := make(chan counted, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, p.step())
		defer cancel()
		n, err := p.h.count(ctx, name, each, how)
		own <- counted{n, err}
	}()
	var re reply
	err = p.send(request{Do: "count" + how, Name: name, N: int64(each)})
	if err == nil {
		err = p.receive(ctx, &re)
	}
	mine := <-own
	return mine.n + re.Done, errors.Join(mine.err, re.error()), err
}
