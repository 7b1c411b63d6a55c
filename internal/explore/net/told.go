package net

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
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
	ended  bool // it has seen its own lease over
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
		case l == 0 && (p.inside || p.given || p.has(v)):
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
	key = fmt.Sprintf("%x %s %d %d %t %t %t %t", pcs[:n], p.phase, a.op, a.level, p.inside, p.taken, p.ended, p.given)
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
