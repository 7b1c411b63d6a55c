package lock_test

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/lock"
)

// A process that is stopped while it removes a gate holds everybody up who
// wants to wait there; he does without.
func TestAGateThatIsBeingRemovedForEver(t *testing.T) {
	for _, room := range []bool{true, false} {
		t.Run(fmt.Sprint("room for a thread: ", room), func(t *testing.T) {
			path := tempPath(t)
			p := start(t, "queue", "soft", path)
			p.says(t, "got")
			f, err := os.Create(gateOf(path))
			must(t, err)
			must(t, unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}))
			if !room {
				defer parkAll(t)()
			}
			done := make(chan error, 1)
			l := lock.NewSoft(path)
			go func() { done <- l.Lock(bg) }()
			if room {
				blocked(t, path)
			} else {
				until(func() bool { return lock.Waiting(path) == 1 })
			}
			p.say(t, "let go")
			must(t, <-done)
			must(t, l.Unlock())
			must(t, f.Close())
			must(t, l.Lock(bg))
			must(t, l.Unlock())
			p.says(t, "out")
			alone(t, path)
		})
	}
}
