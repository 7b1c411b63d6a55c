package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// request is what one process asks another to do in the bench.
type request struct {
	Do   string `json:"do"`
	Name string `json:"name,omitempty"`
	N    int64  `json:"n,omitempty"`

	Said []Result `json:"said,omitempty"` // results
}

// reply is what came of it.
type reply struct {
	Err    string   `json:"err,omitempty"`
	Locked bool     `json:"locked,omitempty"` // lock: another has it
	Size   int64    `json:"size,omitempty"`   // look
	Mod    int64    `json:"mod,omitempty"`    // look: nanoseconds since 1970
	Won    []int    `json:"won,omitempty"`    // race
	Done   int64    `json:"done,omitempty"`   // count: how many
	Said   []Result `json:"said,omitempty"`   // results
}

// other is a second process, which does what it is asked.
type other interface {
	ask(ctx context.Context, r request) (reply, error)
	// who says who it is, for the findings.
	who() string
}

// hand does what is asked, with files that stay open between requests.
type hand struct {
	dir  fsys.Dir
	open map[string]fsys.File
}

func newHand(dir fsys.Dir) *hand { return &hand{dir: dir, open: make(map[string]fsys.File)} }

// close closes what is open. The error of closing a file of an experiment that
// is over tells nothing.
func (h *hand) close() {
	for name, f := range h.open {
		_ = f.Close()
		delete(h.open, name)
	}
}

// mostRaced bounds what a request can ask for.
const mostRaced = 10_000

func (h *hand) do(ctx context.Context, r request) (re reply) {
	if err := h.try(ctx, r, &re); err != nil {
		if errors.Is(err, fsys.ErrLocked) {
			re.Locked = true
		} else {
			re.Err = err.Error()
		}
	}
	return re
}

func (h *hand) try(ctx context.Context, r request, re *reply) (err error) {
	if !strings.HasPrefix(r.Name, filePrefix) {
		return fmt.Errorf("%q is no name of the doctor's", r.Name)
	}
	switch r.Do {
	case "ready":
	case "race":
		re.Won, err = race(ctx, h.dir, r.Name, int(min(max(r.N, 0), mostRaced)))
	case "create":
		var f fsys.File
		if f, err = h.dir.Create(r.Name, 0o600); err == nil {
			err = errors.Join(f.Extend(1), f.Close())
		}
	case "remove":
		err = h.dir.Unlink(r.Name)
	case "look":
		var info fsys.Info
		if info, err = look(h.dir, r.Name); err == nil {
			re.Size, re.Mod = info.Size, info.ModTime.UnixNano()
		}
	case "touch", "extend", "lock":
		var f fsys.File
		if f, err = h.file(r.Name); err != nil {
			return err
		}
		switch r.Do {
		case "touch":
			err = f.Touch()
		case "extend":
			err = errors.Join(f.Extend(r.N), f.Sync()) // else it stays in this host's cache
		case "lock":
			err = f.TryLock(fsys.Exclusive)
		}
	case "close":
		if f := h.open[r.Name]; f != nil {
			delete(h.open, r.Name)
			err = f.Close()
		}
	case "count-kept", "count", "count-locked":
		re.Done, err = h.count(ctx, r.Name, int(min(max(r.N, 0), mostRaced)), strings.TrimPrefix(r.Do, "count"))
	default:
		err = fmt.Errorf("asked to %q, which this version does not know", r.Do)
	}
	return err
}

// file opens a file once and keeps it.
func (h *hand) file(name string) (fsys.File, error) {
	if f := h.open[name]; f != nil {
		return f, nil
	}
	f, err := h.dir.Open(name, fsys.OpenWrite)
	if err == nil {
		h.open[name] = f
	}
	return f, err
}

// look opens a file afresh and asks the open file what it is: over NFS the only
// look that is not answered from a cache (close-to-open consistency, nfs(5)).
// There is no stat before.
func look(dir fsys.Dir, name string) (fsys.Info, error) {
	f, err := dir.Open(name, fsys.OpenListed)
	if err != nil {
		return fsys.Info{}, err
	}
	info, err := f.Info()
	return info, errors.Join(err, f.Close())
}

// race tries to create n files and says which of them it created. Who created
// one rests a little, so that others, if they began later, catch up.
func race(ctx context.Context, dir fsys.Dir, name string, n int) (won []int, err error) {
	for i := range n {
		if ctx.Err() != nil {
			return won, context.Cause(ctx)
		}
		f, err := dir.Create(raced(name, i), 0o600)
		switch {
		case err == nil:
			won = append(won, i)
			if err := errors.Join(f.Close(), pause(ctx, time.Millisecond/2)); err != nil {
				return won, err
			}
		case !errors.Is(err, fs.ErrExist):
			return won, err
		}
	}
	return won, nil
}

func raced(name string, i int) string { return name + "-" + strconv.Itoa(i) }
