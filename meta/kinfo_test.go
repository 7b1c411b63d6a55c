package meta

import (
	"encoding/binary"
	"math"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// system is a kernel whose answers are decoded: its struct, and how it says
// what the decoder is to find.
type system struct {
	platforms string // that have it
	abi       abi
	name      string // of its struct
	size      int    // the whole struct's, as the system's headers or other programs have it; 0 if nothing says so
	fixed     map[string]any
	pid, uid  string
	sec, sub  string
	comm      string
	place     string
	alive     []map[string]any // states of what has not ended
	ended     []map[string]any
	unstarted map[string]any // no start is filled in
}

func state(name string, values ...int) (all []map[string]any) {
	for _, v := range values {
		all = append(all, map[string]any{name: v})
	}
	return all
}

var systems = []system{
	{platforms: "freebsd/amd64 freebsd/arm64 freebsd/riscv64", abi: lp64, name: "freebsd", size: 1088, fixed: map[string]any{"structsize": 1088, "layout": 0},
		pid: "pid", uid: "ruid", sec: "start.sec", sub: "start.usec", comm: "comm", place: "jid", alive: state("stat", 1, 2, 3, 4, 6, 7), ended: state("stat", 5)},
	{platforms: "freebsd/386", abi: i386, name: "freebsd", size: 768, fixed: map[string]any{"structsize": 768, "layout": 0},
		pid: "pid", uid: "ruid", sec: "start.sec", sub: "start.usec", comm: "comm", place: "jid", alive: state("stat", 1, 2, 3, 4, 6, 7), ended: state("stat", 5)},
	{platforms: "freebsd/arm", abi: arm, name: "freebsd", size: 816, fixed: map[string]any{"structsize": 816, "layout": 0},
		pid: "pid", uid: "ruid", sec: "start.sec", sub: "start.usec", comm: "comm", place: "jid", alive: state("stat", 1, 2, 3, 4, 6, 7), ended: state("stat", 5)},
	{platforms: "openbsd/amd64 openbsd/arm64 openbsd/riscv64", abi: lp64, name: "openbsd", size: 616, fixed: map[string]any{"uvalid": 1},
		pid: "pid", uid: "ruid", sec: "ustartsec", sub: "ustartusec", comm: "comm", alive: state("stat", 1, 2, 3, 4, 7), ended: state("stat", 6), unstarted: map[string]any{"uvalid": 0}},
	{platforms: "openbsd/386", abi: i386t, name: "openbsd", size: 612, fixed: map[string]any{"uvalid": 1},
		pid: "pid", uid: "ruid", sec: "ustartsec", sub: "ustartusec", comm: "comm", alive: state("stat", 1, 2, 3, 4, 7), ended: state("stat", 6), unstarted: map[string]any{"uvalid": 0}},
	{platforms: "openbsd/arm", abi: arm, name: "openbsd", fixed: map[string]any{"uvalid": 1},
		pid: "pid", uid: "ruid", sec: "ustartsec", sub: "ustartusec", comm: "comm", alive: state("stat", 1, 2, 3, 4, 7), ended: state("stat", 6), unstarted: map[string]any{"uvalid": 0}},
	{platforms: "netbsd/amd64 netbsd/arm64", abi: lp64, name: "netbsd", fixed: map[string]any{"uvalid": 1, "stat": 5},
		pid: "pid", uid: "ruid", sec: "ustartsec", sub: "ustartusec", comm: "comm", alive: state("realstat", 1, 2, 3, 4, 6), ended: state("realstat", 5), unstarted: map[string]any{"uvalid": 0}},
	{platforms: "netbsd/386", abi: i386t, name: "netbsd", fixed: map[string]any{"uvalid": 1, "stat": 5},
		pid: "pid", uid: "ruid", sec: "ustartsec", sub: "ustartusec", comm: "comm", alive: state("realstat", 1, 2, 3, 4, 6), ended: state("realstat", 5), unstarted: map[string]any{"uvalid": 0}},
	{platforms: "netbsd/arm", abi: arm, name: "netbsd", fixed: map[string]any{"uvalid": 1, "stat": 5},
		pid: "pid", uid: "ruid", sec: "ustartsec", sub: "ustartusec", comm: "comm", alive: state("realstat", 1, 2, 3, 4, 6), ended: state("realstat", 5), unstarted: map[string]any{"uvalid": 0}},
	{platforms: "dragonfly/amd64", abi: lp64, name: "dragonfly",
		pid: "pid", uid: "ruid", sec: "start.sec", sub: "start.usec", comm: "comm", place: "jailid", alive: state("stat", 1, 2, 3, 5), ended: state("stat", 4)},
	{platforms: "darwin/amd64 darwin/arm64", abi: lp64, name: "darwin", size: 648,
		pid: "proc.pid", uid: "pcred.ruid", sec: "proc.start.sec", sub: "proc.start.usec", comm: "proc.comm", alive: state("proc.stat", 1, 2, 3, 4), ended: state("proc.stat", 5)},
	{platforms: "solaris/amd64 illumos/amd64", abi: lp64, name: "psinfo", size: 416,
		pid: "pid", uid: "uid", sec: "start.sec", sub: "start.nsec", comm: "fname", place: "zoneid",
		alive: []map[string]any{{"nlwp": 1, "nzomb": 0}, {"nlwp": 0, "nzomb": 1}, {"nlwp": 7, "nzomb": 2}}, ended: []map[string]any{{"nlwp": 0, "nzomb": 0}}},
	{platforms: "aix/ppc64", abi: power, name: "aix",
		pid: "pid", uid: "uid", sec: "start.sec", sub: "start.nsec", comm: "fname", place: "cid",
		alive: []map[string]any{{"nlwp": 1, "lwp.lwpid": 5}, {"nlwp": 0, "lwp.lwpid": 5}, {"nlwp": 1, "lwp.lwpid": 0}}, ended: []map[string]any{{"nlwp": 0, "lwp.lwpid": 0}}},
}

const (
	somePID = 4711
	someSec = 1700000000
	someSub = 123456
)

// each tests every system with the bytes of a process that runs.
func each(t *testing.T, test func(t *testing.T, s system, l *layout, c laidOut, b []byte)) {
	for _, s := range systems {
		for platform := range strings.FieldsSeq(s.platforms) {
			t.Run(platform, func(t *testing.T) {
				l, c := layouts[platform], structs[s.name].layOut(s.abi)
				if l == nil {
					t.Fatal("there is no layout")
				}
				test(t, s, l, c, s.running(t, c))
			})
		}
	}
}

func (s system) running(t testing.TB, c laidOut) []byte {
	b := c.with(t, s.fixed)
	c.put(t, b, map[string]any{s.pid: somePID, s.uid: 1001, s.sec: someSec, s.sub: someSub, s.comm: "sh\x00rubbish"})
	c.put(t, b, s.alive[0])
	if s.place != "" {
		c.put(t, b, map[string]any{s.place: 3})
	}
	return b
}

// shown is as much of the struct as is asked for.
func (l *layout) shown(b []byte) []byte {
	if l.more {
		return b
	}
	return b[:l.bytes]
}

func TestAProcessOfAnotherSystemIsDecoded(t *testing.T) {
	each(t, func(t *testing.T, s system, l *layout, c laidOut, b []byte) {
		if s.size != 0 && c.size != s.size {
			t.Fatalf("the struct has %d bytes, and is to have %d", c.size, s.size)
		}
		want := kernelProcess{start: someSec*time.Second + someSub*l.unit, uid: 1001, name: "sh"}
		if s.place != "" {
			want.place = 3
		}
		p, err := l.decode(l.shown(b), somePID)
		if err != nil || p != want {
			t.Errorf("%+v, %v, want %+v", p, err, want)
		}
		full := strings.Repeat("x", c.members[s.comm].n)
		c.put(t, b, map[string]any{s.comm: full})
		if p, err := l.decode(l.shown(b), somePID); err != nil || p.name != full {
			t.Errorf("a name without an end is %q, %v", p.name, err)
		}
	})
}

func TestTheStateOfAProcessOfAnotherSystem(t *testing.T) {
	each(t, func(t *testing.T, s system, l *layout, c laidOut, b []byte) {
		for _, ended := range []bool{false, true} {
			sets := s.alive
			if ended {
				sets = s.ended
			}
			for _, set := range sets {
				c.put(t, b, set)
				p, err := l.decode(l.shown(b), somePID)
				if err != nil || p.ended != ended {
					t.Errorf("%v is %+v, %v, want ended %v", set, p, err, ended)
				}
				want := Running
				if ended {
					want = Exited
				}
				if got := l.process(p, 0); got.State != want || (got.Start == "") != ended {
					t.Errorf("%v looks like %+v", set, got)
				}
			}
		}
		// What has ended may have no start any more.
		c.put(t, b, map[string]any{s.sec: 0, s.sub: 0})
		if s.unstarted != nil {
			c.put(t, b, s.unstarted)
		}
		if p, err := l.decode(l.shown(b), somePID); err != nil || l.process(p, 0) != (Process{State: Exited}) {
			t.Errorf("a zombie without a start is %+v, %v", p, err)
		}
	})
}

// A start that is not known must not look like another process'.
func TestAStartThatIsNotKnownIsNoStart(t *testing.T) {
	each(t, func(t *testing.T, s system, l *layout, c laidOut, b []byte) {
		look := func(what string, set map[string]any) {
			t.Helper()
			b := append([]byte(nil), b...)
			c.put(t, b, set)
			p, err := l.decode(l.shown(b), somePID)
			if err != nil {
				return // the caller asks then whether there is such a process
			}
			if got := l.process(p, 0); got.State != Running || got.Start != "" || got.Err == nil {
				t.Errorf("%s looks like %+v", what, got)
			}
		}
		look("a start of zero", map[string]any{s.sec: 0, s.sub: 0})
		if s.unstarted != nil {
			look("no start", s.unstarted)
		}
		look("a start before the epoch", map[string]any{s.sec: -1, s.sub: 0})
		look("a fraction of less than nothing", map[string]any{s.sub: -1})
		if second := int(time.Second / l.unit); second <= math.MaxInt32 {
			look("a fraction of a second and more", map[string]any{s.sub: second})
		}
		if c.members[s.sec].size == 8 {
			look("a start in the far future", map[string]any{s.sec: int64(math.MaxInt64)})
		}
	})
}

func TestAStartIsCountedFromTheBootWhereItMovesWithTheClock(t *testing.T) {
	each(t, func(t *testing.T, s system, l *layout, c laidOut, b []byte) {
		p, err := l.decode(l.shown(b), somePID)
		if err != nil {
			t.Fatal(err)
		}
		moves := s.name == "freebsd" || s.name == "openbsd"
		const boot = (someSec - 60) * time.Second
		set := l.process(p, boot)
		p.start += time.Hour
		if later := l.process(p, boot+time.Hour); (later == set) != moves {
			t.Errorf("before the clock was set %+v, after that %+v", set, later)
		}
		if moves {
			if got := l.process(p, p.start+1); got.State != Running || got.Start != "" {
				t.Errorf("started before the boot: %+v", got)
			}
			if got := l.process(p, p.start); got.Start != "0" {
				t.Errorf("started with the boot: %+v", got)
			}
		}
	})
}

// Neither another process nor bytes that are not such a struct are decoded.
func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	each(t, func(t *testing.T, s system, l *layout, c laidOut, b []byte) {
		b = l.shown(b)
		for _, pid := range []int{somePID + 1, 0, -somePID} {
			if p, err := l.decode(b, pid); err == nil {
				t.Errorf("pid %d is %+v", pid, p)
			}
		}
		for n := range l.bytes {
			if p, err := l.decode(b[:n], somePID); err == nil {
				t.Fatalf("%d bytes are %+v", n, p)
			}
		}
		if p, err := l.decode(append(append([]byte(nil), b...), 0), somePID); (err == nil) != l.more {
			t.Errorf("a byte too many is %+v, %v", p, err)
		}
		for name, value := range s.fixed {
			if name == "structsize" || name == "layout" {
				c.put(t, b, map[string]any{name: value.(int) + 1})
				if p, err := l.decode(b, somePID); err == nil {
					t.Errorf("with another %s it is %+v", name, p)
				}
				c.put(t, b, map[string]any{name: value})
			}
		}
	})
}

// A 32-bit program's psinfo, should a 64-bit one ever see it, is none.
func TestAPsinfoOf32BitsIsRefused(t *testing.T) {
	c := structs["psinfo"].layOut(i386)
	if c.size != 336 {
		t.Fatalf("it has %d bytes, and is to have 336", c.size)
	}
	b := c.with(t, map[string]any{"pid": somePID, "nlwp": 0, "nzomb": 0})
	if p, err := psinfo64.decode(b, somePID); err == nil {
		t.Errorf("it is %+v", p)
	}
}

func TestTheTimeOfBootIsDecoded(t *testing.T) {
	le := binary.LittleEndian
	for _, c := range []struct {
		b        []byte
		sec, sub int64
		ok       bool
	}{
		{le.AppendUint32(le.AppendUint32(nil, someSec), someSub), someSec, someSub, true},
		{le.AppendUint32(le.AppendUint64(nil, someSec), someSub), someSec, someSub, true},
		{le.AppendUint64(le.AppendUint64(nil, someSec), someSub), someSec, someSub, true},
		{le.AppendUint64(le.AppendUint64(nil, someSec), 999999999), someSec, 999999999, true}, // of a timespec
		{le.AppendUint64(le.AppendUint64(nil, someSec), 1000000000), 0, 0, false},
		{le.AppendUint64(le.AppendUint64(nil, 1<<63), 0), 0, 0, false},
		{le.AppendUint32(nil, someSec), 0, 0, false},
		{make([]byte, 24), 0, 0, false},
		{nil, 0, 0, false},
	} {
		if sec, sub, err := freeBSD64.decodeBootTime(c.b); (err == nil) != c.ok || sec != c.sec || sub != c.sub {
			t.Errorf("%x is %d and %d, %v", c.b, sec, sub, err)
		}
	}
}

func TestEveryPlatformWithSuchAKernelHasItsLayout(t *testing.T) {
	out, err := exec.Command("sh", "../.ci/platforms").Output()
	if err != nil {
		t.Skip(err)
	}
	tested := map[string]bool{}
	for _, s := range systems {
		for platform := range strings.FieldsSeq(s.platforms) {
			tested[platform] = true
		}
	}
	for platform := range layouts {
		if !tested[platform] {
			t.Errorf("the layout of %s is not tested", platform)
		}
	}
	for line := range strings.Lines(string(out)) {
		goosAndGoarch := strings.Fields(line)
		platform := strings.Join(goosAndGoarch[:min(2, len(goosAndGoarch))], "/") // what else is there is how it is tested
		switch goos, _, _ := strings.Cut(platform, "/"); goos {
		case "linux", "windows", "plan9", "js", "": // these are asked in other ways, or not at all
		default:
			if layouts[platform] == nil {
				t.Errorf("there is no layout for %s", platform)
			}
		}
	}
}

// FuzzKernelProcess: whatever a kernel says, it is survived, and nothing but a
// whole description of this very process says that it has ended.
func FuzzKernelProcess(f *testing.F) {
	for _, s := range systems {
		for platform := range strings.FieldsSeq(s.platforms) {
			c := structs[s.name].layOut(s.abi)
			b := s.running(f, c)
			f.Add(platform, layouts[platform].shown(b), somePID, int64(0))
			c.put(f, b, s.ended[0])
			f.Add(platform, layouts[platform].shown(b), somePID, int64(math.MaxInt64))
		}
	}
	f.Fuzz(func(t *testing.T, platform string, b []byte, pid int, boot int64) {
		l := layouts[platform]
		if l == nil {
			return
		}
		_, _, _ = l.decodeBootTime(b)
		p, err := l.decode(b, pid)
		if err != nil {
			if p != (kernelProcess{}) {
				t.Errorf("%v, and still %+v", err, p)
			}
			return
		}
		got := l.process(p, time.Duration(max(boot, 0)))
		switch {
		case got.State != Running && got.State != Exited:
			t.Errorf("%+v", got)
		case got.State == Exited && !p.ended, got.State == Running && (got.Start == "") != (got.Err != nil):
			t.Errorf("%+v looks like %+v", p, got)
		case l.number(b, l.pid) != int64(pid):
			t.Errorf("pid %d is taken for %d", l.number(b, l.pid), pid)
		case strings.HasPrefix(got.Start, "-"):
			t.Errorf("started at %s", got.Start)
		}
	})
}
