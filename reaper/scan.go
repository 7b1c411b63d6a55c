package reaper

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"path/filepath"
	"strconv"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// Scan is [Scan] in the reaper's world.
func (r *Reaper) Scan(ctx context.Context, dir string, o Options) iter.Seq2[Status, error] {
	r = r.AsNetwork(o.Network)
	return func(yield func(Status, error) bool) {
		r.walk(ctx, dir, o, false, func(_ *place, _ string, st Status, err error) bool { return yield(st, err) })
	}
}

// Reap is [Reap] in the reaper's world.
func (r *Reaper) Reap(ctx context.Context, path string, o Options) iter.Seq[Outcome] {
	r = r.AsNetwork(o.Network)
	return func(yield func(Outcome) bool) {
		p, name, err := r.lockAt(ctx, path, o)
		if err != nil {
			yield(Outcome{Status: Status{Path: path, State: StateUnknown}, Action: Failed, Err: err})
			return
		}
		if p != nil {
			st, err := p.ask(ctx, o.patience(), path, func() (Status, error) { return r.Examine(p, name, true) })
			out := r.reapOne(ctx, p, name, st, err, o)
			if !o.DryRun && out.Err == nil {
				err := sweepGate(ctx, p, fsys.GateName(name), o)
				if err == nil {
					err = r.sweepGuards(ctx, p, name, o)
				}
				if err != nil {
					out.Action, out.Err = Failed, err
				}
			}
			if err := about(path, p.Close()); err != nil && out.Err == nil {
				out.Action, out.Err = Failed, err
			}
			yield(out)
			return
		}
		r.walk(ctx, path, o, !o.DryRun, func(d *place, name string, st Status, err error) bool {
			return yield(r.reapOne(ctx, d, name, st, err, o))
		})
	}
}

// lockAt opens the directory of the one lock that path names, or returns nil
// where it names a directory, or nothing that could be looked at. The error is
// that there was no answer.
func (r *Reaper) lockAt(ctx context.Context, path string, o Options) (p *place, name string, err error) {
	at, name, err := r.place(path)
	if err != nil {
		return nil, "", nil // the walk says what is wrong
	}
	var info fsys.Info
	p, err = opening(ctx, o.patience(), nil, path, func() (d fsys.Dir, err error) {
		if d, err = r.enter(at, name); err == nil {
			info, err = d.Lstat(name)
		}
		return d, err
	})
	switch {
	case p == nil && (ctx.Err() != nil || errors.Is(err, ErrNoAnswer)):
		return nil, "", err
	case p == nil:
		return nil, "", nil
	case errors.Is(err, fs.ErrNotExist) && guarded(p, name):
		return p, name, nil // whoever broke it was killed in between
	case err != nil, info.Mode.IsDir(), info.Mode.Type() == fs.ModeSymlink:
		return nil, "", about(join(at, name), p.Close())
	}
	return p, name, nil
}

func (r *Reaper) reapOne(ctx context.Context, d *place, name string, st Status, err error, o Options) Outcome {
	switch {
	case err != nil:
		return Outcome{Status: st, Action: Failed, Err: err}
	case st.State != Stale:
		return Outcome{Status: st, Action: Kept}
	}
	if st.recalled && !o.DryRun { // see recall
		now, err := d.ask(ctx, o.patience(), st.Path, func() (Status, error) { return r.settled(d, name, isOurs(name)) })
		switch {
		case errors.Is(err, fsys.ErrIrregular), err == nil && !now.Exists:
			return Outcome{Status: st, Action: Kept} // gone or replaced
		case err != nil:
			return Outcome{Status: st, Action: Failed, Err: err}
		case now.State != Stale:
			return Outcome{Status: now, Action: Kept}
		}
		st = now
	}
	if err := mayBelieve(d, &st); err != nil {
		return Outcome{Status: st, Action: Failed, Err: err}
	}
	if o.DryRun {
		return Outcome{Status: st, Action: WouldBreak}
	}
	_, err = d.ask(ctx, o.patience(), st.Path, func() (Status, error) { return st, r.remove(d, name, st) })
	switch {
	case err == nil:
		return Outcome{Status: st, Action: Broken}
	case errors.Is(err, ErrChanged), errors.Is(err, fsys.ErrLocked), errors.Is(err, ErrGuarded):
		// Somebody else is at it, or took the lock: not ours to touch now.
		return Outcome{Status: st, Action: Kept}
	}
	return Outcome{Status: st, Action: Failed, Err: err}
}

// visit is called for every lock, and with an error for what could not be
// looked at; false ends the walk.
type visit func(d *place, name string, st Status, err error) bool

// walk visits every lock below root. Each directory is opened relative to the
// one above it and stays open while it is listed, so that a directory renamed
// or replaced by a symbolic link meanwhile leads nowhere else. Memory and
// descriptors grow with the depth only: names are listed as they are needed, and
// files looked at some batches ahead.
func (r *Reaper) walk(ctx context.Context, root string, o Options, sweeps bool, v visit) {
	if root == "" { // not the working directory
		_, _, err := r.place(root)
		v(nil, "", Status{Path: root}, err)
		return
	}
	abs, err := fsys.Absolute(root)
	if err != nil {
		v(nil, "", Status{Path: root}, &fs.PathError{Op: "open", Path: root, Err: err})
		return
	}
	w := walker{r: r, ctx: ctx, o: o, sweeps: sweeps, visit: v, begun: time.Now(), timer: time.NewTimer(0)}
	defer w.timer.Stop()
	var known bool
	d, err := opening(ctx, o.patience(), nil, abs, func() (fsys.Dir, error) {
		d, err := r.openRoot(abs)
		if err != nil {
			return nil, err
		}
		info, err := d.Lstat(".")
		w.dev, known = info.Dev, err == nil
		return d, err
	})
	switch {
	case d == nil:
		v(nil, "", Status{Path: abs}, err)
	case err != nil && !o.Cross: // which filesystem to stay on is not known
		v(nil, "", Status{Path: abs}, errors.Join(err, d.Close()))
	default:
		d.dev, d.inside = w.dev, known
		w.dir(d)
	}
}

// openRoot follows a symbolic link in the root itself: the caller named it. One
// that others may have put there is not what the caller named.
func (r *Reaper) openRoot(abs string) (fsys.Dir, error) {
	d, err := r.host.FS.OpenDir(abs)
	if errors.Is(err, fsys.ErrIrregular) && !r.planted(abs) {
		if real, rerr := filepath.EvalSymlinks(abs); rerr == nil && real != abs {
			return r.host.FS.OpenDir(real)
		}
	}
	return d, err
}

// deepest is how many directories below the root are walked. Each costs a
// descriptor, and whoever may write there can make them without end.
const deepest = 512

// errTooDeep: it is not looked at, and everything less deep is.
var errTooDeep = errors.New("more than " + strconv.Itoa(deepest) + " directories below the one to be searched")

type walker struct {
	r      *Reaper
	ctx    context.Context
	o      Options
	sweeps bool // gates that nobody waits at any more
	visit  visit
	dev    uint64
	depth  int // of the directory being walked, below the root

	q      queue
	linked inHand
	begun  time.Time
	timer  *time.Timer
}

// dir walks one opened directory, closes it, and says whether to go on.
func (w *walker) dir(d *place) (more bool) {
	more = true
	defer func() {
		w.stop(d) // also when the caller's loop panics: the looks use the directory
		if err := d.Close(); err != nil && more {
			more = w.visit(nil, "", Status{Path: d.Path()}, err)
		}
	}()
	err := w.names(d, func(e fsys.Entry) bool {
		if w.ctx.Err() != nil {
			more = w.giveUp(d, e.Name)
			return false
		}
		more = w.entry(d, e)
		return more
	})
	more = more && w.drain(d)
	if err != nil && more {
		more = w.visit(nil, "", Status{Path: d.Path()}, err)
	}
	return more
}

func (w *walker) entry(d *place, e fsys.Entry) bool {
	typ := e.Type
	if typ == fs.ModeIrregular { // the filesystem did not say
		info, err := d.Lstat(e.Name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return true
		case err != nil:
			return w.drain(d) && w.visit(nil, "", Status{Path: join(d, e.Name)}, err)
		}
		typ = info.Mode.Type()
	}
	switch {
	case typ.IsDir():
		return w.drain(d) && w.below(d, e.Name)
	case typ.IsRegular():
		if w.sweeps && fsys.IsGate(e.Name) {
			if err := sweepGate(w.ctx, d, e.Name, w.o); err != nil {
				return w.drain(d) && w.visit(nil, "", Status{Path: join(d, e.Name)}, err)
			}
		}
		return w.file(d, e.Name)
	}
	return true
}

func (w *walker) below(d *place, name string) bool {
	if w.depth == deepest {
		return w.visit(nil, "", Status{Path: join(d, name)}, &fs.PathError{Op: "open", Path: join(d, name), Err: errTooDeep})
	}
	var info fsys.Info
	sub, err := opening(w.ctx, w.o.patience(), d, join(d, name), func() (fsys.Dir, error) {
		sub, err := d.OpenDir(name) // of somebody else's filesystem, it may hang
		if err != nil {
			return nil, err
		}
		info, err = sub.Lstat(".")
		return sub, err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fsys.ErrIrregular):
		return true // gone or replaced since it was listed
	case sub == nil:
		return w.visit(nil, "", Status{Path: join(d, name)}, err)
	}
	if w.o.Cross || err == nil && info.Dev == w.dev {
		sub.dev, sub.inside = info.Dev, err == nil
		w.depth++
		defer func() { w.depth-- }()
		return w.dir(sub)
	}
	if err = errors.Join(err, sub.Close()); err != nil {
		return w.visit(nil, "", Status{Path: join(d, name)}, err)
	}
	return true
}
