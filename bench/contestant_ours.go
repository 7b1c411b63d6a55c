//go:build linux

package main

import (
	"context"

	"github.com/filelock-go/filelock/lock"
)

type ours struct{ lock.Locker }

func (o ours) lock(ctx context.Context) error { return o.Lock(ctx) }
func (o ours) unlock() error                  { return o.Unlock() }

func openSoft(path string) (locker, error) { return ours{lock.NewSoft(path)}, nil }
func openFile(path string) (locker, error) { return ours{lock.NewFile(path)}, nil }
func openFileNoRecord(path string) (locker, error) {
	return ours{lock.NewFile(path, lock.WithoutRecord())}, nil
}
