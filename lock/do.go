package lock

import (
	"context"
	"errors"
)

// Do calls fn while l is held, and returns Lock's error as it is (fn was not
// called), or else what fn and Unlock returned, joined. The lock is released
// also when fn panics or calls runtime.Goexit. It uses nothing but the
// interface, so any Locker will do.
//
// fn's ctx is done when the caller's is, and also when the lock is known to be
// lost (see Locker.Locked): context.Cause(ctx) then matches ErrLost. Do waits
// for fn to return in any case, for only then it is certain that fn does
// nothing more.
//
// A deadline of ctx bounds the wait and fn alike. To bound the wait only, give
// the handle a timeout, or use LockWithin and Unlock.
func Do(ctx context.Context, l Locker, fn func(ctx context.Context) error) (err error) {
	if err := l.Lock(ctx); err != nil {
		return err
	}
	inner, cancel := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go watch(inner, l.Lost(), cancel, watched)
	defer func() {
		cancel(context.Canceled)
		<-watched
		err = errors.Join(err, l.Unlock())
	}()
	return fn(inner)
}

// watch cancels with ErrLost when lost is closed. A nil lost never is.
func watch(ctx context.Context, lost <-chan struct{}, cancel context.CancelCauseFunc, done chan<- struct{}) {
	defer close(done)
	select {
	case <-lost:
		cancel(ErrLost)
	case <-ctx.Done():
	}
}
