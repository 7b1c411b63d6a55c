package netfs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/filelock-go/filelock/lock"
)

// theLease is that of all locks here: the shortest there is.
const theLease = 10 * time.Second

func newSoft(path string, opts ...lock.Option) *lock.Soft {
	return lock.NewSoft(path, append([]lock.Option{lock.WithLease(theLease)}, opts...)...)
}

// told is done when standard input ends.
func told() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		}
		cancel()
	}()
	return ctx
}

func init() {
	// work PATH ODDS: takes and releases the lock until it is told to end. Of so
	// many times it is killed once with the lock held; never if that is 0.
	roles["work"] = func(args []string) error {
		odds, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		o, err := dialWitness("work")
		if err != nil {
			return err
		}
		ctx := told()
		fmt.Println("ready")
		for ctx.Err() == nil {
			l := newSoft(args[0])
			err := l.Lock(ctx)
			if ctx.Err() != nil && err != nil {
				return nil
			}
			if err != nil {
				return err
			}
			o.next("work")
			die := odds > 0 && rand.IntN(odds) == 0
			if die {
				if _, err := o.say("enter", l.Locked); err != nil {
					return err
				}
				fmt.Println("dies")
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
			if err := o.inside(2, time.Millisecond, l.Locked); err != nil {
				return err
			}
			if err := l.Unlock(); err != nil {
				return err
			}
		}
		return nil
	}

	// hold PATH: holds the lock once, with a fence, and says so: "waiting", "held
	// FENCE", at a line that it reads "state ..." or for "leave" "ended ERROR"; when
	// it has lost it "lost ...", when its machine was frozen "woke ...".
	roles["hold"] = func(args []string) error {
		o, err := dialWitness("hold")
		if err != nil {
			return err
		}
		l := newSoft(args[0], lock.WithFence())
		fmt.Println("waiting")
		err = lock.Do(context.Background(), l, func(ctx context.Context) error { return holding(ctx, l, o) })
		fmt.Printf("ended %q\n", fmt.Sprint(err)) // in one line
		return nil
	}

	// once PATH: takes and releases the lock.
	roles["once"] = func(args []string) error {
		o, err := dialWitness("once")
		if err != nil {
			return err
		}
		err = lock.Do(context.Background(), newSoft(args[0]), func(context.Context) error {
			return o.inside(1, time.Millisecond, always)
		})
		if err != nil {
			for range 20 { // what is there, and for how long?
				b, rerr := os.ReadFile(args[0])
				i, serr := os.Stat(args[0])
				size := int64(-1)
				if serr == nil {
					size = i.Size()
				}
				fmt.Printf("%v size %d read %d bytes %q %v %v\n", time.Now().Format("05.000"), size, len(b), b, rerr, serr)
				time.Sleep(100 * time.Millisecond)
			}
		}
		return err
	}
}

// holding is what an owner does while it has the lock.
func holding(ctx context.Context, l *lock.Soft, o *owner) error {
	fmt.Println("held", l.Fence(), time.Now().UnixNano())
	// woke is the first moment after the machine was frozen. Times are compared by
	// the monotonic clock: a freeze may lie between the two readings of one Now.
	var woke atomic.Pointer[time.Time]
	lost := l.Lost()
	go func() {
		for last := time.Now(); ; time.Sleep(time.Millisecond) {
			now := time.Now()
			if now.Sub(last) > theLease {
				locked := l.Locked()
				woke.Store(&now)
				fmt.Printf("woke %d locked=%v\n", now.UnixNano(), locked)
			}
			last = now
		}
	}()
	go func() {
		<-lost
		at := time.Now()
		<-ctx.Done()
		then := time.Now()
		time.Sleep(50 * time.Millisecond) // both sides of a thaw must have been seen
		since := func(t time.Time) time.Duration {
			if w := woke.Load(); w != nil {
				return t.Sub(*w)
			}
			return 0
		}
		fmt.Printf("lost %d %d %d locked=%v cause=%v\n", at.UnixNano(), since(at).Milliseconds(), since(then).Milliseconds(), l.Locked(), context.Cause(ctx))
	}()
	lines := make(chan string)
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			lines <- in.Text()
		}
		close(lines)
	}()
	if _, err := o.say("enter", l.Locked); err != nil && !errors.Is(err, errNoLonger) {
		return err
	}
	quiet := false // until it was frozen
	for still := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case s, ok := <-lines:
			if !ok {
				return nil
			}
			if s == "leave" {
				_, err := o.say("leave", l.Locked)
				return err
			}
			if s == "quiet" {
				quiet = true
			}
			fmt.Printf("state locked=%v\n", l.Locked())
		case <-still.C:
			if !quiet || woke.Load() != nil {
				_, _ = o.say("still", l.Locked)
			}
		}
	}
}
