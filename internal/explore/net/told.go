package net

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/internal/sights"
	"github.com/filelock-go/filelock/meta"
)

const (
	dirPath  = "/dir"
	lockName = "a.lock"
	path     = dirPath + "/" + lockName
)

// names are the lock and its guards by level.
var names = func() (all [levels]string) {
	all[0] = lockName
	for l := 1; l < levels; l++ {
		all[l] = fsys.GuardOf(all[l-1])
	}
	return all
}()

func level(name string) int8 { return int8(slices.Index(names[:], name)) }

// process is one run of a program, with the answers of a history.
type process struct {
	*host.Host
	cfg    *Config
	ctx    context.Context
	script []answer
	live   func(asked, []int8, bool) answer // in place of a script
	over   bool

	asked asked // what follows is where the script ended
	key   string
	keep  []int8
	cut   bool

	phase  string
	inside bool
	taken  bool // it has been inside
	late   bool // by its own clock the lease was over when it looked last
	given  bool // the lock is a shell's
	tokens int
	inodes uint64
	now    time.Duration
	minted bool // a token was made, and not yet its file
	cur    *view
	aged   bool          // the clock was asked, and nothing since
	own    [levels]*view // what it has made, and may still be about to remove
	slots  []*view
	known  map[uint16]*view // by their serials, if the run forgets nothing
	last   *view            // what was opened last
	open   int              // how many files are open that were not made
	how    fsys.OpenFlag
	read   [levels]judged
}

// view is a file as the process knows it.
type view struct {
	mine  bool
	token string
	raw   []byte // its record
	ino   uint64
	pid   int
	since time.Duration
	level int8

	form    form // when it was looked at last
	touched bool
	kind    kind
	who     who
}

// judged is what was seen of the file of a level when it was judged.
type judged struct {
	*view
	form    form
	touched bool
	expiry  bool
}

// walks is the phase of who reaps a directory.
const walks = "walks"

const (
	selfPID  = 1
	shellPID = 2
)

func newProcess(c *Config) *process {
	p := &process{cfg: c, known: make(map[uint16]*view), ctx: context.Background(), now: 1000 * time.Hour}
	p.Host = &host.Host{
		FS:       dir{p},
		Self:     func() meta.Identity { return identity(selfPID, own) },
		Of:       func(pid int) (meta.Identity, error) { return identity(pid, near), nil },
		Look:     p.look,
		NewToken: p.newToken,
		Now:      func() time.Time { return epoch },
		Uptime:   p.uptime,
		Sleep:    func(time.Duration) {},
	}
	return p
}

func identity(pid int, w who) meta.Identity {
	id := meta.Identity{PID: pid, Hostname: "host", Start: "1", BootID: "boot", MachineID: "machine", PIDNamespace: "1", TimeNamespace: "1"}
	switch w {
	case own:
		id.Instance = "0123456789abcdef0123456789abcdef"
	case far:
		id.BootID, id.MachineID, id.Hostname = "another boot", "another machine", "another"
	}
	return id
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (p *process) newToken() string {
	p.tokens++
	p.minted = true
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", p.tokens)
}

var errOver = errors.New("the run is over")

// stop ends a run that is over.
func (p *process) stop() {
	if p.over {
		runtime.Goexit()
	}
}

func (p *process) index(v *view) int8 {
	if v == nil {
		return -1
	}
	return int8(slices.Index(p.slots, v))
}

func (p *process) has(v *view) bool { return v != nil && p.Tokens.Has(v.token) }

// ask puts a question to the world. Once the history is over, every call fails,
// so that the code comes back to the program, which stops.
func (p *process) ask(a asked) answer { return p.askAbout(a, nil) }

// askAbout is ask about a file that the process has in mind.
func (p *process) askAbout(a asked, about *view) answer {
	if p.over {
		return answer{what: failed}
	}
	p.aged, p.minted = a.op == clock, false
	cut, key, keep := false, "", []int8(nil)
	if a.op == create || a.op == open && p.how == fsys.OpenRead {
		cut = true
		key, keep = p.compact(a)
	}
	a.slot, a.n, a.lock, a.guard, a.inside = p.index(about), int8(len(p.slots)), -1, -1, p.inside
	for l, v := range p.own {
		switch {
		case l == 0 && (p.has(v) || p.given):
			a.lock = p.index(v)
		case l > 0 && p.has(v):
			a.guard = p.index(v)
		}
	}
	for i, v := range p.slots {
		if v.mine {
			a.mine |= 1 << i
		}
	}
	if p.live != nil {
		return p.live(a, keep, cut)
	}
	if len(p.script) == 0 {
		p.over, p.asked, p.key, p.keep, p.cut = true, a, key, keep, cut
		return answer{what: failed}
	}
	ans := p.script[0]
	p.script = p.script[1:]
	return ans
}

// compact forgets, at the head of a loop, what the code has not in mind there:
// all but the own files, and what was judged on the way there, which a guard is
// to be had for. What else tells such places apart is where in the code they
// are: the calls that led there.
func (p *process) compact(a asked) (key string, keep []int8) {
	var pcs [96]uintptr
	n := runtime.Callers(3, pcs[:])
	depth := int8(0)
	frames := runtime.CallersFrames(pcs[:n])
	for more := n > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if strings.HasSuffix(f.Function, ".removeGuarded") {
			depth++
		}
	}
	for l := range p.read {
		if p.phase != walks && (int8(l) >= a.level || int8(l) < a.level-depth) {
			p.read[l] = judged{}
		}
	}
	for l := range p.own {
		if a.op == create && int8(l) >= a.level || p.phase == walks && !p.has(p.own[l]) {
			p.own[l] = nil
		}
	}
	var kept []*view
	in := func(v *view) int8 {
		if v == nil {
			return -1
		}
		i := slices.Index(kept, v)
		if i < 0 {
			i = len(kept)
			kept, keep = append(kept, v), append(keep, p.index(v))
		}
		return int8(i)
	}
	key = fmt.Sprintf("%x %s %d %d %t %t %t", pcs[:n], p.phase, a.op, a.level, p.inside, p.taken, p.given)
	for _, v := range p.own {
		key += fmt.Sprintf(" %d", in(v))
	}
	for _, j := range p.read {
		key += fmt.Sprintf(" %d/%d/%t/%t", in(j.view), j.form, j.touched, j.expiry)
	}
	for _, v := range kept {
		key += fmt.Sprintf(" %t/%t/%d/%d/%d/%t", v.mine, p.has(v), v.form, v.kind, v.who, p.cur == v)
	}
	p.slots = kept
	return key, keep
}

// uptime is the clock. Before a file is made it says the time. An observer's
// clock, while he has open what he looks at, says whether the watch is over: he
// is given the sight that he then would have. Else it is about the own file.
func (p *process) uptime() time.Duration {
	switch {
	case p.over, p.minted, p.aged:
	case p.open > 0:
		p.watches()
	case p.has(p.cur):
		wait := p.inside
		age := p.askAbout(asked{op: clock, wait: wait}, p.cur).age
		p.now = max(p.now, p.cur.since+p.after(p.cur, age))
		p.late = age == 2
	}
	return p.now
}

// after is the time after which the own file is of an age: the latest moment of
// the young, the earliest of the others. While a file is being made it has half
// of the grace, or of its lease if that is shorter.
func (p *process) after(v *view, age uint8) time.Duration {
	const grace = 30 * time.Second
	lease := grace
	if v.level == 0 && v.kind == leased {
		lease = p.lease()
	}
	young := min(grace, lease) / 2
	if v.level == 0 && p.taken {
		young = lease / 2
	}
	return [...]time.Duration{young, young + 1, lease}[age]
}

func (p *process) lease() time.Duration {
	if p.phase == "brief" {
		return 10 * time.Second
	}
	return time.Minute
}

func (p *process) watches() {
	v := p.last
	a := p.askAbout(asked{op: watch}, v)
	if p.over {
		return
	}
	token := "-"
	if v.form == whole {
		token = v.token
	}
	i := v.info()
	print := fmt.Sprintf("first %s %d %d %d", token, i.Size, i.ModTime.UnixNano(), i.ChangeTime.UnixNano())
	if v.form != whole {
		print += fmt.Sprintf(" %d", i.Ino)
	}
	s := sights.Sight{Key: dirPath + "/" + names[v.level], Boot: "boot/1", Print: "first -"}
	if a.what == over {
		const long = 100 * time.Second // and its margin
		s.Print, s.First, s.Last, s.Reads = print, p.now-long, p.now, 3
		p.read[v.level].expiry = v.form == whole
	}
	p.Sights.Keep(s)
}

func (p *process) look(pid int) meta.Process {
	running := meta.Process{State: meta.Running, Start: "1"}
	if pid == selfPID {
		return running
	}
	for _, v := range p.slots {
		if v.pid == pid {
			if p.askAbout(asked{op: look}, v).what == over {
				return meta.Process{State: meta.Gone}
			}
			return running
		}
	}
	panic(fmt.Sprintf("net: pid %d is in no record that was read", pid))
}

// halfRecord is what a record begins with.
const halfRecord = `{"format":"filelock/1","kind":`

func (v *view) info() fsys.Info {
	size := [...]int{0, len(halfRecord), 600}[v.form] // no code compares it with what is read
	t := epoch.Add(time.Duration(v.form) * time.Second)
	if v.touched {
		t = t.Add(time.Minute)
	}
	return fsys.Info{ID: fsys.ID{Dev: 1, Ino: v.ino}, Size: int64(size), Mode: 0o644, Links: 1, ModTime: t, ChangeTime: t}
}

// record is one that another process, or this one in an earlier round,
// has written.
func (v *view) record() []byte {
	r := &meta.Record{Format: meta.Format, Kind: meta.KindSoft, Token: v.token, Created: epoch}
	switch v.kind {
	case leased:
		r.LeaseMS = 60_000
	case guard:
		r.Kind, r.LeaseMS = meta.KindGuard, 30_000
	case behalf:
		r.OnBehalf = true
	}
	w := v.who
	if v.kind == behalf && w == own {
		w = near
	}
	v.pid = 1000 + int(v.ino)
	if w == own {
		v.pid = selfPID
	}
	r.SetOwner(identity(v.pid, w))
	b, err := r.Encode()
	if err != nil {
		panic(err)
	}
	return b
}

type dir struct{ p *process }

func (d dir) At(string) fsys.Dir { return d }

func (d dir) OpenDir(name string) (fsys.Dir, error) {
	if name != "." && name != dirPath {
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

type opened struct {
	dir
	v    *view
	made bool
	shut bool
}

func (f *opened) Info() (fsys.Info, error) {
	a := f.p.askAbout(asked{op: info}, f.v)
	if f.p.over {
		return fsys.Info{}, errOver
	}
	f.v.form, f.v.touched = a.form, a.touched
	if j := &f.p.read[f.v.level]; j.view == f.v && f.p.how == fsys.OpenRead {
		j.touched = a.touched
	}
	return f.v.info(), nil
}

func (f *opened) OpenInfo() fsys.Info {
	if f.made {
		return fsys.Info{}
	}
	if f.p.phase == walks {
		i, _ := f.Info() // who walks a directory asks no more
		return i
	}
	return fsys.Info{ID: fsys.ID{Dev: 1, Ino: f.v.ino}, Mode: 0o644, Links: 1}
}

func (f *opened) Kind() (fsys.Info, error) {
	return fsys.Info{ID: fsys.ID{Dev: 1, Ino: f.v.ino}, Mode: 0o644, Links: 1}, nil
}

func (f *opened) Read(int) ([]byte, error) {
	a := f.p.askAbout(asked{op: read}, f.v)
	if f.p.over {
		return nil, errOver
	}
	v := f.v
	v.form = a.form
	if j := &f.p.read[v.level]; j.view == v && f.p.how == fsys.OpenRead {
		j.form = a.form
	}
	switch a.form {
	case empty:
		return nil, nil
	case half:
		return []byte(halfRecord), nil
	}
	if v.raw == nil {
		v.kind, v.who = a.kind, a.who
		v.raw = v.record()
	}
	return v.raw, nil
}

func (f *opened) ReadInto(b []byte) (int, error) {
	raw, err := f.Read(len(b))
	return copy(b, raw), err
}

func (f *opened) Write(b []byte) error {
	f.v.raw = slices.Clone(b)
	if rec := meta.Parse(b).Record; rec == nil || rec.Token != f.v.token {
		panic("net: something was written that is no record of the file's own token")
	} else if rec.OnBehalf {
		f.v.pid = shellPID
	}
	a := f.p.askAbout(asked{op: write}, f.v)
	switch {
	case f.p.over:
		return errOver
	case a.what == failed:
		return failure("write", syscall.EIO)
	}
	f.v.form = whole
	return nil
}

func (f *opened) Sync() error {
	if f.p.cfg.Losses == 0 {
		return nil
	}
	a := f.p.askAbout(asked{op: sync}, f.v)
	switch {
	case f.p.over:
		return errOver
	case a.what == failed:
		return failure("fsync", syscall.EIO)
	}
	return nil
}

func (f *opened) Close() error {
	if !f.made && !f.shut {
		f.p.open--
	}
	f.shut = true
	return nil
}

func (f *opened) CloseOnly() error            { return f.Close() }
func (f *opened) TryLock(fsys.LockMode) error { return nil }
func (f *opened) Unlock() error               { return nil }
func (f *opened) Lock(fsys.LockMode) error    { return errors.ErrUnsupported }
func (f *opened) Truncate(int64) error        { return errors.ErrUnsupported }
func (f *opened) Extend(int64) error          { return errors.ErrUnsupported }
func (f *opened) Touch() error                { return errors.ErrUnsupported }
func (f *opened) Chmod(fs.FileMode) error     { return nil }
func (f *opened) Dup() (*os.File, error)      { return nil, errors.ErrUnsupported }

func (f *opened) OrderHeld(fsys.Order) (bool, error)              { return false, errors.ErrUnsupported }
func (f *opened) OrderLock(fsys.Order, fsys.LockMode, bool) error { return errors.ErrUnsupported }
func (f *opened) OrderUnlock() error                              { return errors.ErrUnsupported }
