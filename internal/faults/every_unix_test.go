//go:build unix

package faults_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/faults"
)

// refusals are what a call can fail with.
var refusals = []error{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.ESTALE, syscall.EMFILE, syscall.ENOLCK, syscall.EACCES, syscall.EROFS}

// wrongs are the ways in which a call can go wrong: all, or some of them, other
// ones at each call.
func wrongs(c faults.Call) []faults.Fault {
	var w []faults.Fault
	for i, err := range refusals {
		if full || i == c.N%len(refusals) {
			w = append(w, faults.Fault{Err: err})
		}
	}
	if full || changes[c.Op] {
		w = append(w, faults.Fault{Err: refusals[c.N%3], Lost: true})
	}
	switch c.Op {
	case faults.OpWrite:
		w = append(w, faults.Fault{Err: io.ErrShortWrite, Half: true}, faults.Fault{Err: syscall.ENOSPC, Half: true})
	case faults.OpList:
		w = append(w, faults.Fault{Err: syscall.EIO, Half: true})
	}
	return w
}

// changes are the calls of which it matters that they were made, when their
// reply is lost.
var changes = map[string]bool{
	faults.OpCreate: true, faults.OpUnlink: true, faults.OpWrite: true, faults.OpTruncate: true, faults.OpChmod: true,
	faults.OpTryLock: true, faults.OpUnlock: true, faults.OpDup: true, faults.OpClose: true, faults.OpCloseDir: true,
}

// sites are the calls that go wrong in turn. A patient player looks again and
// again at a lock that is held: the looks in the middle are left out.
func sites(calls []faults.Call) []faults.Call {
	const head, tail = 36, 18
	if full || len(calls) <= head+tail {
		return calls
	}
	return append(calls[:head:head], calls[len(calls)-tail:]...)
}

func describe(f faults.Fault) string {
	how := "fails"
	switch {
	case f.Lost:
		how = "is made and its reply lost"
	case f.Half:
		how = "is half made"
	}
	return fmt.Sprintf("%s (%v)", how, f.Err)
}

// run plays one act with faults, and returns what is wrong with the outcome.
func run(t *testing.T, dir string, a act, at spot, gently bool, schedule string, decide func(faults.Call) faults.Fault) (calls []faults.Call, err error) {
	t.Helper()
	watchdog := time.AfterFunc(5*time.Minute, func() {
		debug.SetTraceback("all")
		panic(fmt.Sprintf("%s, %s: %s: hangs", a.name, at.name, schedule))
	})
	defer watchdog.Stop()
	s := set(t, dir, at, decide)
	func() {
		defer func() {
			if p := recover(); p != nil {
				s.fail("panic: %v\n%s", p, debug.Stack())
			}
		}()
		a.do(s)
		s.settle()
		if gently && (strings.HasPrefix(a.name, "Soft") || a.name == "Grant" && s.granted == "") {
			s.onlyWhatLay()
		}
	}()
	calls = s.fs.Calls()
	return calls, s.end(schedule)
}

// everywhere runs a test for every act at every spot.
func everywhere(t *testing.T, test func(t *testing.T, dir string, a act, at spot, calls []faults.Call)) {
	dead := ended(t)
	for _, a := range acts {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			dir := quickDir(t)
			needKernelBacked(t, dir)
			for _, at := range spots(dead) {
				t.Run(at.name, func(t *testing.T) {
					calls, err := run(t, dir, a, at, true, "without faults", nil)
					if err != nil {
						t.Fatal(err)
					}
					test(t, dir, a, at, calls)
				})
			}
		})
	}
}

const mostErrors = 4

// Every call fails once, in every way.
func TestEveryCallFailsOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, dir string, a act, at spot, calls []faults.Call) {
		var errs []error
		for _, c := range sites(calls) {
			for _, wrong := range wrongs(c) {
				_, err := run(t, dir, a, at, true, fmt.Sprintf("call %d, %s, %s", c.N, c.Op, describe(wrong)), func(now faults.Call) faults.Fault {
					if now.N == c.N {
						return wrong
					}
					return faults.Fault{}
				})
				if err != nil {
					errs = append(errs, err)
				}
			}
		}
		report(t, errs)
	})
}

func report(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs[:min(len(errs), mostErrors)] {
		t.Error(err)
	}
	if len(errs) > mostErrors {
		t.Errorf("and %d more", len(errs)-mostErrors)
	}
}

// From some call on every one fails.
func TestEveryCallFailsForEver(t *testing.T) {
	everywhere(t, func(t *testing.T, dir string, a act, at spot, calls []faults.Call) {
		var errs []error
		for _, c := range sites(calls) {
			for _, wrong := range wrongs(faults.Call{N: c.N, Op: faults.OpCreate}) {
				_, err := run(t, dir, a, at, false, fmt.Sprintf("from call %d, %s, on every one %s", c.N, c.Op, describe(wrong)), func(now faults.Call) faults.Fault {
					if now.N >= c.N {
						return wrong
					}
					return faults.Fault{}
				})
				if err != nil {
					errs = append(errs, err)
				}
			}
		}
		report(t, errs)
	})
}

// Two calls go wrong, drawn from a fixed seed.
func TestTwoCallsFail(t *testing.T) {
	pairs := 20
	if full {
		pairs = 200
	}
	everywhere(t, func(t *testing.T, dir string, a act, at spot, calls []faults.Call) {
		if len(calls) == 0 {
			return
		}
		rnd := rand.New(rand.NewPCG(7, uint64(len(calls))))
		var errs []error
		for range pairs {
			// The second may be a call that is made only because of the first.
			i := 1 + rnd.IntN(len(calls))
			j := i + 1 + rnd.IntN(len(calls)+4)
			var done []string
			_, err := run(t, dir, a, at, false, fmt.Sprintf("calls %d and %d", i, j), func(now faults.Call) faults.Fault {
				if now.N != i && now.N != j {
					return faults.Fault{}
				}
				w := wrongs(faults.Call{N: rnd.IntN(1000), Op: now.Op})
				wrong := w[rnd.IntN(len(w))]
				done = append(done, now.Op+" "+describe(wrong))
				return wrong
			})
			if err != nil {
				errs = append(errs, fmt.Errorf("%q: %w", done, err))
			}
		}
		report(t, errs)
	})
}

// The context ends while a call is being made: a slow one, or an impatient
// caller.
func TestTheContextEndsDuringEveryCall(t *testing.T) {
	everywhere(t, func(t *testing.T, dir string, a act, at spot, calls []faults.Call) {
		if !a.waits {
			return
		}
		var errs []error
		for _, c := range sites(calls) {
			slow := act{name: a.name, do: func(s *stage) {
				s.fs.Decide(func(now faults.Call) faults.Fault {
					if now.N != c.N {
						return faults.Fault{}
					}
					return faults.Fault{First: func() {
						s.cancel()
						if c.N == 1 || full { // long enough for it to be given up on; right either way
							time.Sleep(130 * time.Millisecond)
						}
					}}
				})
				a.do(s)
			}}
			if _, err := run(t, dir, slow, at, false, fmt.Sprintf("the context ends during call %d, %s", c.N, c.Op), nil); err != nil {
				errs = append(errs, err)
			}
		}
		report(t, errs)
	})
}
