package meta

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/process"
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

// ask decides nothing: gopsutil calls a process dead under hidepid=2 and moves
// its start by a second, so it is used for what people read and nothing else.
func ask(ctx context.Context, pid int) Description {
	var d Description
	if pid > math.MaxInt32 {
		return d
	}
	p := process.Process{Pid: int32(pid)} // NewProcess would look for it first
	if name, err := p.NameWithContext(ctx); err == nil {
		d.Program = filepath.Base(name)
	}
	d.User, _ = p.UsernameWithContext(ctx)
	if line, err := p.CmdlineWithContext(ctx); err == nil {
		d.Command = strings.TrimSpace(line)
	}
	return d
}
