package meta

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"
)

// What the kernels of other systems say about a process is decoded here, from
// bytes and on every system, so that it is tested everywhere. Offsets are those
// of 64-bit, little-endian systems, the only ones these are called on.

// bsdProcess is a process as a kernel that is not Linux describes it.
type bsdProcess struct {
	ended bool
	start time.Duration // since the epoch of that kernel's own clock
	uid   uint32
	name  string
}

// decodeFreeBSD reads struct kinfo_proc of FreeBSD (sys/user.h), whose size is
// part of it and has been 1088 since FreeBSD 7.
func decodeFreeBSD(b []byte, pid int) (bsdProcess, error) {
	const size, sZOMB = 1088, 5
	if len(b) != size || le32(b, 0) != size || le32(b, 4) != 0 { // ki_structsize, ki_layout
		return bsdProcess{}, fmt.Errorf("a kinfo_proc of %d bytes is not understood", len(b))
	}
	if int(le32(b, 72)) != pid {
		return bsdProcess{}, fmt.Errorf("kinfo_proc is of pid %d", le32(b, 72))
	}
	return bsdProcess{
		ended: b[388] == sZOMB,
		start: time.Duration(le64(b, 336))*time.Second + time.Duration(le64(b, 344))*time.Microsecond,
		uid:   le32(b, 172), // real
		name:  cString(b[447:][:20]),
	}, nil
}

// openBSDSize is as much of OpenBSD's struct kinfo_proc as is asked for: its
// layout is kept, and grows at the end only (sys/sysctl.h).
const openBSDSize = 424

// decodeOpenBSD reads the beginning of struct kinfo_proc of OpenBSD.
func decodeOpenBSD(b []byte, pid int) (bsdProcess, error) {
	const sDEAD = 6 // every thread is; sZOMB is no longer used
	if len(b) != openBSDSize {
		return bsdProcess{}, fmt.Errorf("a kinfo_proc of %d bytes is not understood", len(b))
	}
	if int(le32(b, 108)) != pid {
		return bsdProcess{}, fmt.Errorf("kinfo_proc is of pid %d", le32(b, 108))
	}
	return bsdProcess{
		ended: b[304] == sDEAD,
		start: time.Duration(le64(b, 408))*time.Second + time.Duration(le32(b, 416))*time.Microsecond,
		uid:   le32(b, 132), // real
		name:  cString(b[312:][:24]),
	}, nil
}

// zoneProcess is what the psinfo file of Solaris and illumos says.
type zoneProcess struct {
	bsdProcess
	zone int32 // 0: the global zone
}

// decodePsinfo reads psinfo_t (proc(5), sys/procfs.h), as 64-bit programs see it.
func decodePsinfo(b []byte, pid int) (zoneProcess, error) {
	const least = 280 // up to pr_zoneid; the rest describes a thread
	if len(b) < least {
		return zoneProcess{}, fmt.Errorf("a psinfo of %d bytes is not understood", len(b))
	}
	if int(le32(b, 8)) != pid {
		return zoneProcess{}, fmt.Errorf("psinfo is of pid %d", le32(b, 8))
	}
	return zoneProcess{
		bsdProcess: bsdProcess{
			ended: le32(b, 4) == 0 && le32(b, 268) == 0 && pid != 0, // pr_nlwp, pr_nzomb: a zombie, says proc(5)
			start: time.Duration(le64(b, 88))*time.Second + time.Duration(le64(b, 96)),
			uid:   le32(b, 24),
			name:  cString(b[136:][:16]),
		},
		zone: int32(le32(b, 276)),
	}, nil
}

func le32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
func le64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }

func cString(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}
