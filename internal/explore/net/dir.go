package net

import (
	"fmt"
	"io/fs"
	"syscall"

	"github.com/filelock-go/filelock/internal/fsys"
)

type dir struct{ p *process }

func (d dir) At(string) fsys.Dir { return d }

func (d dir) OpenDir(name string) (fsys.Dir, error) {
	if abs, err := fsys.Absolute(dirPath); err != nil || name != "." && name != abs { // Windows puts a drive before it
		return nil, failure("open", fs.ErrNotExist)
	}
	return d, nil
}

func (d dir) Path() string             { return dirPath }
func (d dir) Close() error             { return nil }
func (d dir) Sync() error              { return nil }
func (d dir) Has(string) (bool, error) { return false, nil }

func (d dir) Class() (fsys.Class, error) {
	if d.p.cfg.Aside {
		return fsys.Class{Type: "cifs"}, nil
	}
	return fsys.Class{Type: "nfs4"}, nil
}

func failure(call string, err error) error { return &fs.PathError{Op: call, Path: path, Err: err} }

func (d dir) Create(name string, _ fs.FileMode) (fsys.File, error) {
	p, l := d.p, level(name)
	a := asked{op: create, level: l, kind: guard}
	if l == 0 {
		a.kind = map[string]kind{"endless": endless, "grant": behalf}[p.phase]
	}
	ans := p.ask(a)
	switch {
	case p.over, ans.what == failed:
		return nil, failure("open", syscall.EIO)
	case ans.what == exists:
		return nil, failure("open", fs.ErrExist)
	}
	p.inodes++
	v := &view{mine: true, token: fmt.Sprintf("00000000-0000-4000-8000-%012d", p.tokens), ino: p.inodes, since: p.now, level: l, kind: a.kind}
	p.met(v, ans)
	p.cur = v
	p.own[l] = v
	return &opened{dir: d, v: v, made: true}, nil
}

// met has a file in mind from now on.
func (p *process) met(v *view, ans answer) {
	p.slots = append(p.slots, v)
	if ans.serial != 0 {
		p.known[ans.serial] = v
	}
}

func (d dir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	p, l := d.p, level(name)
	switch {
	case name == fsys.FenceName(lockName):
		return &fence{opened: opened{dir: d, made: true}}, nil
	case l < 0:
		return nil, failure("open", fs.ErrNotExist)
	}
	p.how = how
	ans := p.ask(asked{op: open, level: l})
	switch {
	case p.over:
		return nil, errOver
	case ans.what == missing:
		return nil, failure("open", fs.ErrNotExist)
	}
	if int(ans.slot) == len(p.slots) {
		p.inodes++
		v := p.known[ans.serial]
		if v == nil {
			v = &view{ino: p.inodes, level: l}
			v.token = fmt.Sprintf("00000000-0000-4000-9000-%012d", v.ino)
		}
		p.met(v, ans)
	}
	v := p.slots[ans.slot]
	p.last = v
	p.open++
	f := &opened{dir: d, v: v}
	if how == fsys.OpenRead || p.phase == walks && p.read[l].view == nil {
		p.read[l] = judged{view: v}
	}
	return f, nil
}

func (d dir) Lstat(name string) (fsys.Info, error) {
	p, l := d.p, level(name)
	switch {
	case name == ".":
		return fsys.Info{ID: fsys.ID{Dev: 1, Ino: 1000}, Mode: fs.ModeDir | 0o755, Links: 1}, nil
	case l < 0:
		return fsys.Info{}, failure("lstat", fs.ErrNotExist)
	}
	about := p.last
	if p.open == 0 {
		about = nil
	}
	ans := p.askAbout(asked{op: lstat, level: l}, about)
	switch {
	case p.over:
		return fsys.Info{}, errOver
	case ans.what == missing:
		return fsys.Info{}, failure("lstat", fs.ErrNotExist)
	case ans.what == other || about == nil:
		return fsys.Info{ID: fsys.ID{Dev: 1, Ino: 999}, Mode: 0o644, Links: 1}, nil
	}
	return about.info(), nil
}

func (d dir) Unlink(name string) error { return d.unlink("unlink", name) }

// Rename is to a name that nobody else has: as far as others can see it is an
// unlink.
func (d dir) Rename(name, _ string) error { return d.unlink("rename", name) }

func (d dir) unlink(call, name string) error {
	p, l := d.p, level(name)
	if l < 0 {
		return nil // what was renamed before
	}
	a := asked{op: unlink, level: l, judged: -1}
	if j := p.read[l]; p.how == fsys.OpenListed {
		a.judged = p.index(j.view)
		if now := p.last; now == j.view {
			a.changed = (now.form == whole) != (j.form == whole) || j.expiry && now.touched != j.touched
		}
	}
	switch ans := p.ask(a); {
	case p.over:
		return errOver
	case ans.what == missing:
		return failure(call, fs.ErrNotExist)
	case ans.what == failed:
		return failure(call, syscall.EIO)
	}
	return nil
}

func (d dir) List(yield func(fsys.Entry) bool) error {
	for _, name := range names {
		if !yield(fsys.Entry{Name: name}) {
			break
		}
	}
	return nil
}
