package netfs

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// hub is an Ethernet hub: what one guest sends, every other one gets, unless
// either is cut off.
type hub struct {
	ends    []*port
	reading sync.WaitGroup
}

// port is where a guest is plugged in.
type port struct {
	own   int      // the hub's end of a socket pair
	guest *os.File // the guest's, kept open: a guest may be started again
	// deaf: nothing reaches the guest. mute: nothing that it sends is passed on.
	deaf, mute atomic.Bool
}

func newHub(t *testing.T, guests int) *hub {
	t.Helper()
	h := &hub{}
	for range guests {
		fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
		must(t, err)
		for _, fd := range fds {
			must(t, syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_SNDBUF, 1<<20))
		}
		h.ends = append(h.ends, &port{own: fds[0], guest: os.NewFile(uintptr(fds[1]), "network")})
	}
	for i := range h.ends {
		h.reading.Add(1)
		go h.pump(i)
	}
	t.Cleanup(h.close)
	return h
}

func (h *hub) pump(from int) {
	defer h.reading.Done()
	frame := make([]byte, 1<<17) // segments are joined: up to 64 KiB and a header
	for {
		n, err := syscall.Read(h.ends[from].own, frame)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil || n == 0: // closed
			return
		case h.ends[from].mute.Load():
			continue
		}
		for to, p := range h.ends {
			if to != from && !p.deaf.Load() {
				// A guest that does not read loses frames, as on any network.
				_ = syscall.Sendto(p.own, frame[:n], syscall.MSG_DONTWAIT, nil)
			}
		}
	}
}

// close ends the hub, when the guests are gone.
func (h *hub) close() {
	for _, p := range h.ends {
		_ = syscall.Shutdown(p.own, syscall.SHUT_RDWR) // which ends its reader
	}
	h.reading.Wait()
	for _, p := range h.ends {
		_ = syscall.Close(p.own)
		_ = p.guest.Close()
	}
}

// drain throws away what waits for a guest that is about to be started.
func (p *port) drain() {
	buf := make([]byte, 1)
	for {
		if _, _, err := syscall.Recvfrom(int(p.guest.Fd()), buf, syscall.MSG_DONTWAIT|syscall.MSG_TRUNC); err != nil {
			return
		}
	}
}
