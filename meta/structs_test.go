package meta

import (
	"encoding/binary"
	"strconv"
	"strings"
	"testing"
)

// The structs of other kernels, field by field as their headers declare them,
// laid out here by C's rules of alignment: what the decoders say about offsets
// is not asked.

// abi is what a C compiler takes to be the size of things.
type abi struct {
	word  int // of long, size_t and pointers
	quad  int // the alignment of 64-bit integers
	time  int // of time_t
	order binary.ByteOrder
}

var (
	lp64  = abi{8, 8, 8, binary.LittleEndian}
	i386  = abi{4, 4, 4, binary.LittleEndian} // FreeBSD's time_t is of 32 bits there
	i386t = abi{4, 4, 8, binary.LittleEndian} // that of the others is not
	arm   = abi{4, 8, 8, binary.LittleEndian}
	power = abi{8, 8, 8, binary.BigEndian}
)

// cstruct is a struct: "type name" or "type name[n]", separated by semicolons.
// A struct within it is a type of that name in structs.
type cstruct string

type member struct {
	at, size, n int
}

type laidOut struct {
	abi
	members map[string]member
	size    int
	align   int
}

// size and alignment of a type.
func (a abi) of(typ string) (size, align int) {
	switch typ {
	case "char":
		return 1, 1
	case "short":
		return 2, 2
	case "int":
		return 4, 4
	case "quad":
		return 8, a.quad
	case "word":
		return a.word, a.word
	case "time":
		return a.time, min(a.time, max(a.quad, 4))
	}
	s, ok := structs[typ]
	if !ok {
		panic("no type " + typ)
	}
	l := s.layOut(a)
	return l.size, l.align
}

func (s cstruct) layOut(a abi) laidOut {
	l := laidOut{abi: a, members: map[string]member{}, align: 1}
	for decl := range strings.SplitSeq(string(s), ";") {
		f := strings.Fields(decl)
		if len(f) == 0 {
			continue
		}
		for _, name := range f[1:] {
			n := 1
			if i := strings.IndexByte(name, '['); i >= 0 {
				n, _ = strconv.Atoi(strings.TrimSuffix(name[i+1:], "]"))
				name = name[:i]
			}
			size, align := a.of(f[0])
			l.size = (l.size + align - 1) / align * align
			l.members[name] = member{l.size, size, n}
			if sub, ok := structs[f[0]]; ok {
				for k, m := range sub.layOut(a).members {
					l.members[name+"."+k] = member{l.size + m.at, m.size, m.n}
				}
			}
			l.size += n * size
			l.align = max(l.align, align)
		}
	}
	l.size = (l.size + l.align - 1) / l.align * l.align
	return l
}

// with is the bytes of a struct with some of its members set, to numbers or to
// texts. Where nothing is set there is noise, so that a wrong offset shows.
func (l laidOut) with(t testing.TB, set map[string]any) []byte {
	t.Helper()
	b := make([]byte, l.size)
	for i := range b {
		b[i] = byte(0xA0 + i%64)
	}
	l.put(t, b, set)
	return b
}

func (l laidOut) put(t testing.TB, b []byte, set map[string]any) {
	t.Helper()
	for name, value := range set {
		m, ok := l.members[name]
		if !ok {
			t.Fatalf("there is no %s", name)
		}
		switch v := value.(type) {
		case string:
			if len(v) > m.n {
				t.Fatalf("%q is too long for %s", v, name)
			}
			clear(b[m.at:][:m.n])
			copy(b[m.at:], v)
		case int:
			l.put(t, b, map[string]any{name: int64(v)})
		case int64:
			switch m.size {
			case 1:
				b[m.at] = byte(v)
			case 2:
				l.order.PutUint16(b[m.at:], uint16(v))
			case 4:
				l.order.PutUint32(b[m.at:], uint32(v))
			case 8:
				l.order.PutUint64(b[m.at:], uint64(v))
			default:
				t.Fatalf("%s has %d bytes", name, m.size)
			}
		default:
			t.Fatalf("%s is to be %T", name, value)
		}
	}
}

var structs = map[string]cstruct{
	"timeval":   "time sec; word usec",
	"timeval32": "time sec; int usec", // macOS: __darwin_suseconds_t
	"timespec":  "time sec; word nsec",
	"sigset":    "int bits[4]",
	"rusage":    "timeval utime stime; word rest[14]",

	// FreeBSD 14, sys/sys/user.h; KINFO_PROC_SIZE there is 1088 on 64-bit
	// systems, 768 on i386 and 816 on arm.
	"freebsd": `int structsize layout; word args paddr addr tracep textvp fd vmspace wchan;
		int pid ppid pgid tpgid sid tsid; short jobc spare1; int tdev11;
		sigset siglist sigmask sigignore sigcatch;
		int uid ruid svuid rgid svgid; short ngroups spare2; int groups[16];
		word size rssize swrss tsize dsize ssize; short xstat acflag;
		int pctcpu estcpu slptime swtime cow; quad runtime;
		timeval start childtime; word flag kiflag; int traceflag;
		char stat nice lock rqindex oncpu lastcpu tdname[17] wmesg[9] login[18] lockname[9] comm[20] emul[17] loginclass[18] moretdname[4] sparestrings[46];
		int spareints[2]; quad tdev; int oncpu2 lastcpu2 tracer flag2 fibnum crflags jid numthreads tid; char pri[4];
		rusage ru ruch; word pcb kstack udata tdaddr pd spareptrs[5] sparelongs[12] sflag tdflags`,

	// OpenBSD 7, sys/sys/sysctl.h: made to be the same on every machine.
	"openbsd": `quad forw back paddr addr fd stats limit vmspace sigacts sess tsess ru;
		int eflag exitsig flag pid ppid sid pgid tpgid uid ruid gid rgid groups[16]; short ngroups jobc; int tdev;
		int estcpu rtimesec rtimeusec cpticks pctcpu swtime slptime schedflags;
		quad uticks sticks iticks tracep; int traceflag holdcnt siglist sigmask sigignore sigcatch;
		char stat priority usrpri nice; short xstat spare; char comm[24] wmesg[8]; quad wchan; char login[32];
		int rssize tsize dsize ssize; quad uvalid ustartsec; int ustartusec uutimesec uutimeusec ustimesec ustimeusec;
		quad ru14[14]; int uctimesec uctimeusec psflags spare2 svuid svgid; char emul[8]; quad rlim cpuid mapsize; int tid rtableid`,

	// NetBSD 10, sys/sys/sysctl.h, struct kinfo_proc2: likewise.
	"netbsd": `quad forw back paddr addr fd cwdi stats limit vmspace sigacts sess tsess ru;
		int eflag exitsig flag pid ppid sid pgid tpgid uid ruid gid rgid groups[16]; short ngroups jobc; int tdev;
		int estcpu rtimesec rtimeusec cpticks pctcpu swtime slptime schedflags;
		quad uticks sticks iticks tracep; int traceflag holdcnt; sigset siglist sigmask sigignore sigcatch;
		char stat priority usrpri nice; short xstat acflag; char comm[24] wmesg[8]; quad wchan; char login[24];
		int rssize tsize dsize ssize; quad uvalid; int ustartsec ustartusec uutimesec uutimeusec ustimesec ustimeusec;
		quad ru14[14]; int uctimesec uctimeusec; quad cpuid realflag nlwps nrlwps realstat; int svuid svgid; char ename[16]; quad vsize msize`,

	// DragonFly 6, sys/sys/kinfo.h.
	"lwp": `int pid tid flags stat lock tdflags mpcount prio tdprio; short rttype rtprio;
		quad uticks sticks iticks cpticks; int pctcpu slptime origcpu estcpu cpuid; rusage ru;
		sigset siglist sigmask; word wchan; char wmesg[9] comm[17]`,
	"dragonfly": `word paddr; int flags stat lock acflag traceflag; word fd; sigset siglist sigignore sigcatch; int sigflag;
		timeval start; char comm[17]; int uid; short ngroups; int groups[16] ruid svuid rgid svgid pid ppid pgid jobc sid;
		char login[40]; int tdev tpgid tsid; short exitstat; int nthreads nice swtime;
		word mapsize rssize swrss tsize dsize ssize; int prssize jailid; rusage ru cru; int auxflags; lwp lwp; word ktaddr; int spare[2]`,

	// macOS, bsd/sys/proc.h and sysctl.h: struct kinfo_proc of a 64-bit program.
	"itimerval": "timeval32 interval value",
	"externproc": `timeval32 start; word vmspace sigacts; int flag; char stat; int pid oppid dupfd; word userstack exitthread;
		int debugger sigwait estcpu cpticks pctcpu; word wchan wmesg; int swtime slptime; itimerval realtimer; timeval32 rtime;
		quad uticks sticks iticks; int traceflag; word tracep; int siglist; word textvp; int holdcnt sigmask sigignore sigcatch;
		char priority usrpri nice comm[17]; word pgrp addr; short xstat acflag; word ru`,
	"pcred":   "char lock[72]; word ucred; int ruid svuid rgid svgid refcnt",
	"ucred":   "int ref uid; short ngroups; int groups[16]",
	"vmspace": "int dummy; word dummy2; int dummy3[5]; word dummy4[3]",
	"darwin": `externproc proc; word paddr sess; pcred pcred; ucred ucred; vmspace vm; int ppid pgid; short jobc; int tdev tpgid; word tsess;
		char wmesg[8]; int xsize; short xrssize xccount xswrss; int flag; char login[12]; int spare[4]`,

	// Solaris and illumos, sys/procfs.h: psinfo_t as a program of this word size sees it.
	"lwpsinfo": `int flag lwpid; word addr wchan; char stype state sname nice; short syscall; char oldpri cpu; int pri; short pctcpu pad;
		timespec start time; char clname[8] name[16]; int onpro bindpro bindpset lgrp filler[4]`,
	"psinfo": `int flag nlwp pid ppid pgid sid uid euid gid egid; word addr size rssize pad1 ttydev; short pctcpu pctmem;
		timespec start time ctime; char fname[16] psargs[80]; int wstat argc; word argv envp; char dmodel pad2[3];
		int taskid projid nzomb poolid zoneid contract filler; lwpsinfo lwp`,

	// AIX 5.3 to 7, sys/procfs.h: the same for 32-bit and 64-bit programs.
	"timestruc64": "quad sec; int nsec pad",
	"aixlwp": `quad lwpid addr wchan; int flag; char wtype state sname nice; int pri policy; char clname[8];
		int onpro bindpro ptid pad1; quad pad[7]`,
	"aix": `int flag flag2 nlwp pad1; quad uid euid gid egid pid ppid pgid sid ttydev addr size rssize; timestruc64 start time;
		short cid pad2; int argc; quad argv envp; char fname[16] psargs[80]; quad pad[8]; aixlwp lwp`,
}
