package meta

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// alarm is a timer that counts suspension (timerfd_create(2), CLOCK_BOOTTIME).
// Where there is none (before Linux 3.15), or no descriptor, a ticking one.
type alarm struct {
	f    *os.File
	tick ticking
}

func (a *alarm) start(ring func()) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_BOOTTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		a.tick.start(ring)
		return
	}
	a.f = os.NewFile(uintptr(fd), "timerfd")
	go func() {
		var b [8]byte
		for {
			if _, err := a.f.Read(b[:]); err != nil {
				return // it was closed
			}
			ring()
		}
	}()
}

func (a *alarm) set(at time.Duration) {
	if a.f == nil {
		a.tick.set(at)
		return
	}
	at = max(at, 1) // 0 would be never
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(at))}
	conn, err := a.f.SyscallConn()
	if err != nil {
		return // it was closed
	}
	_ = conn.Control(func(fd uintptr) { // which fails only when it was closed
		_ = unix.TimerfdSettime(int(fd), unix.TFD_TIMER_ABSTIME, &spec, nil) // the arguments are right
	})
}

func (a *alarm) stop() {
	if a.f == nil {
		a.tick.stop()
		return
	}
	_ = a.f.Close()
}
