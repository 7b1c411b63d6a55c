package meta

import (
	"context"
	"errors"
	"time"
)

// Describe describes a process to people; what is not known is empty. It
// returns within a second or so: what it asks may wait for the process (its
// command line is its own memory), or run ps(1).
func Describe(pid int) Description {
	d := Description{PID: pid}
	if pid < 1 || pid > maxOwnPID {
		return d
	}
	// gopsutil would believe any /proc.
	if p := Look(pid); p.State == Gone || errors.Is(p.Err, errForeignProc) {
		return d
	}
	d.User, d.Program = about(pid)
	if more, ok := within(time.Second, func(ctx context.Context) Description { return ask(ctx, pid) }); ok {
		d.Command = more.Command
		if d.Program == "" {
			d.Program = more.Program
		}
		if d.User == "" {
			d.User = more.User
		}
	}
	return d
}

// within leaves fn behind when it takes longer: what hangs in the kernel cannot
// be cancelled.
func within[T any](limit time.Duration, fn func(context.Context) T) (T, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	done := make(chan T, 1)
	go func() {
		defer func() { _ = recover() }() // no parser of other programs' output ends this one
		done <- fn(ctx)
	}()
	select {
	case v := <-done:
		return v, true
	case <-ctx.Done():
		var none T
		return none, false
	}
}
