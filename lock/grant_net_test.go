package lock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

func TestGrantedNetworkLockIsRevokedUnderAGuard(t *testing.T) {
	path := tempPath(t)
	ctx := context.Background()
	token, err := lock.Grant(ctx, path, os.Getpid(), lock.WithNetwork())
	must(t, err)
	b, err := os.ReadFile(path)
	must(t, err)
	if r := meta.Parse(b).Record; r == nil || r.LeaseMS != 0 || r.KernelLock || !r.OnBehalf || r.Token != token {
		t.Errorf("the record is %s", b)
	}
	if err := lock.NewSoft(path, lock.WithNetwork()).TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("another got %v", err)
	}

	// Another process is breaking it: that is waited for.
	guard := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".1.guard")
	far := meta.Record{Format: meta.Format, Kind: meta.KindGuard, Token: "0d7e1ed6-2b0b-4c5c-8f3e-5c2a4e0b1a52", PID: 4711, Hostname: "far", LeaseMS: 30_000}
	b, err = far.Encode()
	must(t, err)
	must(t, os.WriteFile(guard, b, 0o644))
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	err = lock.Revoke(short, path, token, lock.WithNetwork())
	if !errors.Is(err, reaper.ErrGuarded) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a guard there, Revoke returned %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- lock.Revoke(ctx, path, token, lock.WithNetwork()) }()
	must(t, os.Remove(guard))
	must(t, <-done)
	if err := lock.Revoke(ctx, path, token, lock.WithNetwork()); !errors.Is(err, lock.ErrLost) {
		t.Errorf("revoked twice: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	if len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestRevokeTakesNoOptionThatCannotBe(t *testing.T) {
	path := tempPath(t)
	token, err := lock.Grant(context.Background(), path, os.Getpid())
	must(t, err)
	if err := lock.Revoke(context.Background(), path, token, lock.WithLease(time.Second)); !errors.Is(err, lock.ErrOption) {
		t.Errorf("%v", err)
	}
	must(t, lock.Revoke(context.Background(), path, token))
}
