package meta

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// kernelProcess is a process as a kernel that is not Linux describes it.
type kernelProcess struct {
	ended bool
	start time.Duration // since the epoch of that kernel's own clock; 0 where it does not say
	uid   uint32
	name  string
	place int64 // 0: not in a jail, zone or partition
}

// decode reads what the kernel said about a process. What is not as the layout
// has it is an error, so that nothing is concluded from it.
func (l *layout) decode(b []byte, pid int) (kernelProcess, error) {
	if len(b) < l.bytes || len(b) > l.bytes && !l.more {
		return kernelProcess{}, fmt.Errorf("a description of %d bytes is not understood", len(b))
	}
	if l.itsSize.bytes > 0 && l.number(b, l.itsSize) != int64(l.bytes) || l.number(b, l.version) != 0 {
		return kernelProcess{}, errors.New("a description of another version is not understood")
	}
	if n := l.number(b, l.pid); n != int64(pid) {
		return kernelProcess{}, fmt.Errorf("what is described is pid %d", n)
	}
	p := kernelProcess{
		uid:   uint32(l.number(b, l.uid)),
		name:  cString(b[l.name.at:][:l.name.bytes]),
		place: l.number(b, l.place),
	}
	if l.state.bytes > 0 {
		p.ended = l.number(b, l.state) == l.zombie
	} else {
		p.ended = l.number(b, l.threads) == 0 && l.number(b, l.lastThread) == 0
	}
	if l.started.bytes > 0 && l.number(b, l.started) == 0 {
		return p, nil
	}
	// A start that is none is no other process' start: it is not known.
	if start, ok := l.time(b); ok {
		p.start = start
	} else if !p.ended {
		return kernelProcess{}, errors.New("a start that is no time is not understood")
	}
	return p, nil
}

// time is what sec and sub say, 0 where both do.
func (l *layout) time(b []byte) (time.Duration, bool) {
	sec, sub := l.number(b, l.sec), l.number(b, l.sub)
	if sec < 0 || sec > math.MaxInt64/int64(time.Second)-1 || sub < 0 || sub >= int64(time.Second/l.unit) {
		return 0, false
	}
	return time.Duration(sec)*time.Second + time.Duration(sub)*l.unit, true
}

// number is a signed number of 0 (which is 0), 1, 2, 4 or 8 bytes.
func (l *layout) number(b []byte, f field) int64 {
	switch b = b[f.at:]; f.bytes {
	case 0:
		return 0
	case 1:
		return int64(int8(b[0]))
	case 2:
		return int64(int16(l.order.Uint16(b)))
	case 4:
		return int64(int32(l.order.Uint32(b)))
	default:
		return int64(l.order.Uint64(b))
	}
}

func cString(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}

// process is what Look says of a process that the kernel has described. boot is
// the time of boot, where the start is counted from it.
func (l *layout) process(p kernelProcess, boot time.Duration) Process {
	start := p.start
	if l.fromBoot {
		start -= boot
	}
	switch {
	case p.ended:
		return Process{State: Exited}
	case p.start == 0 || start < 0:
		return Process{State: Running, Err: errors.New("the kernel does not say when it started")}
	}
	return Process{State: Running, Start: strconv.FormatInt(int64(start/l.unit), 10)}
}

// decodeBootTime reads what sysctl kern.boottime says: a struct timeval, or a
// timespec of the same size (NetBSD, DragonFly), in seconds and a fraction of one.
func (l *layout) decodeBootTime(b []byte) (sec, sub int64, err error) {
	var t layout
	t.order = l.order
	switch len(b) {
	case 8: // FreeBSD on 386
		t.sec, t.sub = field{0, 4}, field{4, 4}
	case 12: // time_t of 64 bits on a 32-bit system
		t.sec, t.sub = field{0, 8}, field{8, 4}
	case 16: // of what has 8 bytes the first 4 do, where the order is little-endian
		t.sec, t.sub = field{0, 8}, field{8, 4}
	default:
		return 0, 0, fmt.Errorf("a time of %d bytes is not understood", len(b))
	}
	t.unit = time.Nanosecond
	if _, ok := t.time(b); !ok {
		return 0, 0, errors.New("a time of boot that is no time is not understood")
	}
	return t.number(b, t.sec), t.number(b, t.sub), nil
}
