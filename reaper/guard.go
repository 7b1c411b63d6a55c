package reaper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
)

// Where the kernel's lock on the inode does not reach those who may remove the
// file, a guard does: a soft lock beside the file, of kind guard. Whoever
// removes a file of level k that is not its own holds the guard of level k+1,
// reads once more what it is about to remove, and removes it while its guard is
// young; a guard is removed only so, or by its owner while it is young. So no two
// processes ever decide about the same file at once, and a late one reads
// something else and stops. A reaper may crash anywhere: its guard is judged and
// broken like any lock, under a guard of the next level.
const (
	guardLease = 30 * time.Second
	guardPerm  = 0o644
	guardTries = 8
	guardPause = 20 * time.Millisecond
)

// ErrGuarded: another process is breaking the lock, or was when it died; the
// next attempt judges that.
var ErrGuarded = errors.New("another process is breaking it")

// guardedError says who is breaking it.
type guardedError struct{ st Status }

func (e *guardedError) Error() string {
	if e.st.Content == meta.Malformed || e.st.Content == meta.Foreign {
		return fmt.Sprintf("%q is in the way, and is no guard: it may be moved away, or broken by force", e.st.Path)
	}
	who := "somebody"
	if rec := e.st.Record; rec != nil {
		who = fmt.Sprintf("pid %d on %s", rec.PID, meta.Printable(rec.Hostname))
	}
	return fmt.Sprintf("%s is breaking it (guard %q: %s by rule %s)", who, e.st.Path, e.st.Verdict, e.st.Rule)
}

func (e *guardedError) Is(target error) bool { return target == ErrGuarded }

// removeGuarded is remove where there is no kernel lock to guard the file.
func (r *Reaper) removeGuarded(dir fsys.Dir, name string, st Status) error {
	g, err := r.guard(dir, name, st.class)
	if err != nil {
		return err
	}
	young := func() bool { return r.host.Uptime()-g.Since <= guardLease/2 }
	err = r.unlinkOnly(dir, name, fsys.OpenListed, st.class.KeepsNames(), young, st.same)
	if errors.Is(err, errOld) {
		g.end() // and leave it to be judged
		return ErrChanged
	}
	rerr := g.releaseGuard(young)
	if err == nil && rerr != nil {
		// The lock is gone, which was to be done. What is left is judged.
		return nil
	}
	return err
}

// releaseGuard removes a guard while it is young, else it is left to be judged:
// our process has its token no longer.
func (c *Claim) releaseGuard(young func() bool) error {
	err := c.unlink(young, false)
	c.end()
	return err
}

// guard takes the guard of a file.
func (r *Reaper) guard(dir fsys.Dir, name string, class fsys.Class) (*Claim, error) {
	guard := fsys.GuardOf(name)
	if guard == "" {
		return nil, &fs.PathError{Op: "guard", Path: join(dir, name), Err: errors.New("there are too many levels of guards")}
	}
	for range guardTries {
		g, err := r.Claim(dir, guard, Making{Perm: guardPerm, Lease: guardLease, Record: r.guardRecord, Aside: class.KeepsNames()})
		switch {
		case err == nil:
			return g, nil
		case errors.Is(err, ErrAgain):
			continue
		case !errors.Is(err, fs.ErrExist):
			return nil, err
		}
		st, err := r.Examine(dir, guard, true)
		switch {
		case err != nil:
			return nil, err
		case !st.Exists:
			r.host.Sleep(guardPause)
			continue
		case st.State != Stale:
			return nil, &guardedError{st}
		}
		if err := mayBelieve(dir, &st); err != nil {
			return nil, err
		}
		if err := r.removeGuarded(dir, guard, st); err != nil && !errors.Is(err, ErrChanged) {
			return nil, err
		}
	}
	return nil, ErrGuarded
}

func (r *Reaper) guardRecord(_ fsys.Info, token string) ([]byte, error) {
	rec := &meta.Record{Format: meta.Format, Kind: meta.KindGuard, Token: token, Created: r.host.Now().UTC(), LeaseMS: guardLease.Milliseconds()}
	rec.SetOwner(r.host.Self())
	return rec.Encode()
}

// same: what is read now is what was judged, byte for byte; of an unfinished file
// all that tells it from another, and of one that was not renewed, that it was
// not renewed since.
func (s *Status) same(now *sighting) bool {
	unchanged := sameTimes(&now.info, &s.info)
	switch {
	case s.Content == meta.Torn:
		return now.content.Class == meta.Torn && now.info.ID == s.info.ID && unchanged
	case !bytes.Equal(now.raw, s.Raw):
		return false
	}
	return s.Verdict != Expired || unchanged
}

// isGuard: it is a guard's name.
func isGuard(name string) bool {
	_, level := fsys.GuardName(name)
	return level > 0
}

// isOurs: it is the name of a guard, or of what was put aside to be removed, so
// a file of that name is ours even if it is unfinished.
func isOurs(name string) bool { return isGuard(name) || fsys.IsAside(name) }

// sweptLevels is how many levels of guards are looked for when one lock is
// reaped. Deeper ones are found when the directory is, or in the way.
const sweptLevels = 3

// guarded says whether there is one of these guards.
func guarded(dir fsys.Dir, name string) bool {
	for range sweptLevels {
		if name = fsys.GuardOf(name); name == "" {
			break
		}
		if _, err := dir.Lstat(name); err == nil {
			return true
		}
	}
	return false
}

// sweepGuards removes the guards of a lock that dead reapers left.
func (r *Reaper) sweepGuards(ctx context.Context, p *place, name string, o Options) error {
	for range sweptLevels {
		if name = fsys.GuardOf(name); name == "" {
			return nil
		}
		guard := name
		_, err := p.ask(ctx, o.patience(), join(p, guard), func() (Status, error) {
			st, err := r.Examine(p, guard, true)
			if err != nil || st.State != Stale {
				return st, err
			}
			if err := mayBelieve(p, &st); err != nil {
				return st, err
			}
			return st, r.remove(p, guard, st)
		})
		switch {
		case err == nil, errors.Is(err, ErrChanged), errors.Is(err, ErrGuarded), errors.Is(err, fsys.ErrLocked), errors.Is(err, fsys.ErrIrregular):
		default:
			return err
		}
	}
	return nil
}
