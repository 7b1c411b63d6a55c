package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// change is something that the partner does to a file, and that this process
// waits to see.
type change struct {
	what, do string
	before   fsys.Info
	after    time.Duration
	seen     bool
}

// mostWatch is how long changes are waited for at most: longer than the 3 s for
// which an NFS client may go by what it knows of a file that was changed just
// now (acregmin in nfs(5)), shorter than the 30 s and more of other things.
var mostWatch = 5 * time.Second

func (p *pair) watch() time.Duration { return min(mostWatch, p.wait/4) }

// seen finds how late what the partner does is seen from here, by who opens
// files afresh and by who asks for their names only; and tries the kernel's
// locks. Each side does it.
func (p *pair) seen(ctx context.Context, found map[string]finding) error {
	side := filePrefix + "guest"
	if p.leads {
		side = filePrefix + "leader"
	}
	opens, err := p.changes(ctx, side+"-open", func(name string) (fsys.Info, error) { return look(p.b.dir, name) })
	if err != nil {
		return err
	}
	refused, err := p.refused(ctx, side+"-new")
	if err != nil {
		return err
	}
	stats, err := p.changes(ctx, side+"-stat", p.b.dir.Lstat)
	if err != nil {
		return err
	}
	// Nobody relies on a new file being seen by who had looked for it in vain
	// before, but on it being there for who tries to create it.
	if said := describe(opens, p.watch()); allSeen(opens[1:]) && refused {
		found[checkPeersOpen] = good("by opening the file afresh: %s; who tries to create a file that the other has just created is refused at once", said)
	} else {
		found[checkPeersOpen] = bad("by opening the file afresh: %s; who tries to create a file that the other has just created is refused at once: %t. "+
			"Mount without nocto, and with lookupcache=all or pos", said, refused)
	}
	if said := describe(stats, p.watch()); allSeen(stats) {
		found[checkPeersStat] = good("by asking for the name only: %s", said)
	} else {
		found[checkPeersStat] = bad("by asking for the name only: %s. Programs that wait for a file with stat wait that long; filelock opens what it looks at. "+
			"Mount with a smaller actimeo to shorten it", said)
	}
	if found[checkPeersRemove], err = p.removesOpen(ctx, side+"-held"); err != nil {
		return err
	}
	return p.locks(ctx, side+"-lock", found)
}

// changes has the partner change files, and looks how late that is seen. The
// new file comes alone: a client that asks its server about any other file
// learns of it by the way.
func (p *pair) changes(ctx context.Context, prefix string, look func(string) (fsys.Info, error)) ([]change, error) {
	news, err := p.changed(ctx, []change{{what: "a new file", do: "create"}}, prefix, look)
	if err != nil {
		return nil, err
	}
	rest, err := p.changed(ctx, []change{{what: "a removal", do: "remove"}, {what: "a touch", do: "touch"}, {what: "growth", do: "extend"}}, prefix, look)
	return append(news, rest...), err
}

// changed has the partner change files that were looked at before, and looks at
// them until every change is seen, or for as long as is watched.
func (p *pair) changed(ctx context.Context, list []change, prefix string, look func(string) (fsys.Info, error)) ([]change, error) {
	name := func(c *change) string { return prefix + "-" + c.do }
	for i := range list {
		if list[i].do == "create" {
			continue
		}
		if _, err := p.ask(ctx, request{Do: "create", Name: name(&list[i])}); err != nil {
			return nil, err
		}
	}
	for i := range list {
		c := &list[i]
		var err error
		if c.before, err = look(name(c)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if err := pause(ctx, 50*time.Millisecond); err != nil { // so that a touch is another time
		return nil, err
	}
	for i := range list {
		if _, err := p.ask(ctx, request{Do: list[i].do, Name: name(&list[i]), N: 9}); err != nil {
			return nil, err
		}
	}
	for begin := time.Now(); ; {
		for i := range list {
			c := &list[i]
			if c.seen {
				continue
			}
			info, err := look(name(c))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			c.seen, c.after = c.isSeen(info, err == nil), time.Since(begin)
		}
		if allSeen(list) || time.Since(begin) > p.watch() {
			return list, nil
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func (c *change) isSeen(now fsys.Info, there bool) bool {
	switch c.do {
	case "create":
		return there
	case "remove":
		return !there
	case "touch":
		return there && !now.ModTime.Equal(c.before.ModTime)
	}
	return there && now.Size != c.before.Size
}

func allSeen(list []change) bool {
	for _, c := range list {
		if !c.seen {
			return false
		}
	}
	return true
}

// describe says when each change was seen, after the partner had said that it
// was done.
func describe(list []change, d time.Duration) string {
	var said []string
	for _, c := range list {
		if c.seen {
			said = append(said, fmt.Sprintf("%s is seen after %s", c.what, round(c.after)))
		} else {
			said = append(said, fmt.Sprintf("%s is not seen within %s", c.what, d))
		}
	}
	return strings.Join(said, ", ")
}

// refused says whether a file that the partner created cannot be created here,
// although it was looked for in vain before.
func (p *pair) refused(ctx context.Context, name string) (bool, error) {
	if _, err := look(p.b.dir, name); !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("%q is there before its time: %w", name, err)
	}
	if _, err := p.ask(ctx, request{Do: "create", Name: name}); err != nil {
		return false, err
	}
	f, err := p.b.dir.Create(name, 0o600)
	switch {
	case err == nil:
		return false, f.Close()
	case errors.Is(err, fs.ErrExist):
		return true, nil
	}
	return false, err
}

// removesOpen takes the name of a file that the partner has open, as the lock of
// an owner that is stopped: by removing it, and by renaming it first, which is
// what filelock does where the name would stay.
func (p *pair) removesOpen(ctx context.Context, name string) (finding, error) {
	removed, err := p.freeAfter(ctx, name, p.b.dir.Unlink)
	if err != nil || *removed.ok {
		return removed, err
	}
	renamed, err := p.freeAfter(ctx, name+"-too", func(n string) error { return p.b.dir.Rename(n, n+"-aside") })
	if err != nil {
		return renamed, err
	}
	said := "by removing it: " + removed.detail + "; by renaming it: " + renamed.detail
	if *renamed.ok && p.b.class.KeepsNames() {
		return good("%s, which is what filelock does here", said), nil
	}
	return bad("%s: the lock of an owner that is stopped, not dead, stays in the way until that runs or dies", said), nil
}

// freeAfter says whether a name can be used again after it was taken from a file
// that the partner has open.
func (p *pair) freeAfter(ctx context.Context, name string, take func(string) error) (finding, error) {
	for _, do := range []string{"create", "touch"} {
		if _, err := p.ask(ctx, request{Do: do, Name: name}); err != nil {
			return finding{}, err
		}
	}
	closed := func(f finding) (finding, error) {
		_, err := p.ask(ctx, request{Do: "close", Name: name})
		return f, err
	}
	if err := take(name); err != nil {
		return closed(bad("the name of a file that the other host has open cannot be taken: %v", err))
	}
	for begin := time.Now(); ; {
		f, err := p.b.dir.Create(name, 0o600)
		took := time.Since(begin)
		switch {
		case err == nil:
			if err := f.Close(); err != nil {
				return finding{}, err
			}
			return closed(good("the name of a file that the other host has open is free after %s", round(took)))
		case took > soon:
			return closed(bad("the name of a file that the other host has open cannot be used %s later", round(took)))
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return finding{}, err
		}
	}
}

// locks tries the kernel's locks between this host and the partner's.
func (p *pair) locks(ctx context.Context, name string, found map[string]finding) error {
	f, err := p.b.makeFile(name)
	if err != nil {
		return err
	}
	defer f.close()
	if err := between(ctx, f.File, p, name); err != nil {
		if errors.Is(err, errNoAnswer) || errors.Is(err, errGone) || ctx.Err() != nil {
			return err
		}
		found[checkPeersLocks] = bad("%v", err)
		return nil
	}
	found[checkPeersLocks] = good("exclude each other, and are free for the other as soon as they are dropped")
	return nil
}
