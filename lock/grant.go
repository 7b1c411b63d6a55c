package lock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// Grant takes the soft lock at path for another process, a shell script say,
// and returns the token with which [Revoke] releases it. When it returns nil,
// process pid is the owner: no other process that asks has the lock until it
// is revoked or pid ends. The lock does not depend on the calling process. It
// waits as Lock does, with the same errors; ErrNoProcess when pid does not
// exist.
//
// There is no descriptor whose kernel lock could testify, so the owner is
// judged by its pid and start time: from another host or container the
// verdict is unknown, and only Revoke or `filelock break` frees the lock.
//
// A token next to an error belongs to a lock that could not be taken as it
// should nor be removed again: it may count as pid's until it is revoked.
func Grant(ctx context.Context, path string, pid int, opts ...Option) (token string, err error) {
	if ctx == nil {
		panic("lock: nil context")
	}
	owner, err := newConfig(opts).host.Of(pid)
	if err != nil {
		return "", fmt.Errorf("lock %q for pid %d: %w", path, pid, err)
	}
	s := NewSoft(path, append(opts[:len(opts):len(opts)], onBehalf(owner))...)
	if err := s.Lock(ctx); err != nil {
		var left *leftError
		if errors.As(err, &left) {
			token = left.token
		}
		return token, err
	}
	hd := s.hold // of a handle that nobody else knows
	s.cfg.host.Tokens.Remove(hd.what.Token)
	queues.released(&s.handle, hd.mode) // it is not this process that has it
	if hd.gate != nil {
		hd.gate.leave()
	}
	if err := hd.file.Close(); err != nil {
		// What was written may not have arrived.
		rerr := revoke(context.WithoutCancel(ctx), s.reap, path, hd.what.Token)
		if rerr == nil || errors.Is(rerr, ErrLost) {
			return "", asLockError(&s.handle, err)
		}
		return hd.what.Token, errors.Join(asLockError(&s.handle, err), leftBehind(&s.handle, hd.what.Token, rerr))
	}
	return hd.what.Token, nil
}

func onBehalf(owner meta.Identity) Option { return func(c *config) { c.onBehalf = &owner } }

// Revoke releases the lock at path that [Grant] returned token for. nil means
// that exactly this acquisition is over and others can have the lock; ErrLost
// that it is not at path any more: it was broken, or revoked before. Where Grant
// was given [WithNetwork], Revoke must be, too; no other option changes anything.
func Revoke(ctx context.Context, path, token string, opts ...Option) error {
	if ctx == nil {
		panic("lock: nil context")
	}
	if token == "" {
		return fmt.Errorf("unlock %q: the token is empty: %w", path, ErrOption)
	}
	c := newConfig(opts)
	if len(c.errs) > 0 {
		return fmt.Errorf("unlock %q: %w", path, errors.Join(c.errs...))
	}
	return revoke(ctx, reaper.In(c.host).AsNetwork(c.network), path, token)
}

// guardedPause lies between two attempts to release what another process is just
// breaking, or was when it died: over a network each is some requests.
const guardedPause = 250 * time.Millisecond

func revoke(ctx context.Context, r *reaper.Reaper, path, token string) error {
	deadline := time.NewTimer(hangs)
	defer deadline.Stop()
	for {
		st, err := r.Break(ctx, path, reaper.Options{Token: token})
		wait := passPause
		switch {
		case errors.Is(err, reaper.ErrChanged):
			return fmt.Errorf("unlock %q: %w: acquisition %s is over", path, ErrLost, meta.Printable(token))
		case errors.Is(err, reaper.ErrGuarded):
			wait = guardedPause
		case !errors.Is(err, reaper.ErrRefused) || !st.Passing() || st.Record == nil || st.Record.KernelLock:
			return err
		}
		// The record has no kernel lock, so whoever has one now is probing or
		// judging it, and lets go.
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return errors.Join(err, context.Cause(ctx))
		case <-deadline.C:
			pause.Stop()
			return err
		}
	}
}
