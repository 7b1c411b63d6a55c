package netfs

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Linux NFS clients, v3 and v4 alike, name an exclusive create by the clock tick
// (jiffies) and the number of the calling thread, nothing else (nfs3_proc_create
// and nfs4_opendata_alloc in the kernel's fs/nfs). A server that finds the file
// there with the name that it is asked for takes the request for a repetition,
// and says that it worked. So O_EXCL does not exclude between twins: machines
// that started within a tick of each other, or were resumed from one snapshot,
// whose processes have the same numbers and ask at the same moment.
//
// Everywhere else in this package the clients start one after the other.
func init() {
	// twin PATH N MS: creates PATH.0 to PATH.N-1, from that moment on, each at the
	// same moment as the other machine does, and in a thread of the same number, as
	// far as that can be. It says which it has created.
	roles["twin"] = func(args []string) error {
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		first, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil {
			return err
		}
		return asThread(1500, func() error {
			for i := range n {
				at := time.UnixMilli(first + int64(i)*20)
				time.Sleep(time.Until(at) - 2*time.Millisecond)
				for time.Now().Before(at) { // awake at once
				}
				f, err := os.OpenFile(fmt.Sprintf("%s.%d", args[0], i), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
				if err == nil {
					fmt.Println("created", i)
					_ = f.Close()
				}
			}
			return nil
		})
	}
}

// TestTwins measures how often O_EXCL lets both twins in.
func TestTwins(t *testing.T) {
	if chosen() != "measure" {
		t.Skip("FILELOCK_TEST_NETFS is not measure")
	}
	for _, s := range []system{nfs3, nfs42} {
		t.Run(s.name, func(t *testing.T) {
			r := bootAs(t, &Rig{System: s, twins: true})
			const n, attempts = 100, 8
			for attempt := 1; attempt <= attempts; attempt++ { // whether they start in one tick is chance
				if both := r.twinsLetIn(t, n); both > 0 {
					t.Logf("MEASURED %s: %d of %d files were created with O_EXCL by both (in start %d of both machines)", s.name, both, n, attempt)
					return
				}
				for _, c := range r.Clients {
					c.Crash()
				}
				r.Repair(t)
			}
			t.Logf("MEASURED %s: in %d starts of both machines, no file was created with O_EXCL by both", s.name, attempts)
		})
	}
}

// twinsLetIn is how many of n files both clients have created.
func (r *Rig) twinsLetIn(t *testing.T, n int) (both int) {
	first := strconv.FormatInt(time.Now().Add(8*time.Second).UnixMilli(), 10)
	var ps []*Process
	for _, c := range r.Clients {
		ps = append(ps, c.Role(t, "twin", clientDir+"/twin", strconv.Itoa(n), first))
	}
	created := map[string]int{}
	for _, p := range ps {
		p.Succeeds(t)
		for _, l := range p.Unread() {
			created[l]++
		}
	}
	for _, times := range created {
		if times > 1 {
			both++
		}
	}
	return both
}

// asThread calls f in the thread of that number, which must not be there yet.
func asThread(number int, f func() error) error {
	for {
		var err error
		is := make(chan bool)
		go func() {
			runtime.LockOSThread() // the thread ends with the goroutine
			right := syscall.Gettid() == number
			if right {
				err = f()
			}
			is <- right
		}()
		if <-is {
			return err
		}
	}
}
