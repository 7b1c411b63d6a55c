package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

const networkUsage = "treat the directory as one on a network filesystem: for who shares a local one over NFS or SMB, or with virtual machines"

// networkFlag gives a subcommand --network.
func (a *app) networkFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.network, "network", false, networkUsage)
}

// view is how every look at a lock is taken.
func (a *app) view() reaper.Options { return reaper.Options{Network: a.network} }

func (a *app) look(ctx context.Context, path string) (reaper.Status, error) {
	return reaper.InspectWith(ctx, path, a.view())
}

// locking are the options of a lock that is taken or released for another.
func (a *app) locking(more ...lock.Option) []lock.Option {
	if a.network {
		more = append(more, lock.WithNetwork())
	}
	return more
}

// advice is a command line about path, for people and for programs. What was
// asked with --network must be asked so again: without it the lock would be
// judged, and broken, by what only this machine's kernel knows.
func (a *app) advice(words, path string) string {
	if a.network {
		words += " --network"
	}
	return "filelock " + words + " " + shell(path)
}

// The pauses between looks at a lock that is waited for but not wanted. Over a
// network each look is some requests to the server.
const (
	firstLook       = 5 * time.Millisecond
	longestLook     = 200 * time.Millisecond
	longestLookOver = time.Second
)

// nextPause is the pause after one of p, before the next look at what was seen as
// st.
func nextPause(p time.Duration, st reaper.Status) time.Duration {
	if st.Exists && !st.KernelBacked() {
		return min(2*p, longestLookOver)
	}
	return min(2*p, longestLook)
}

// leased: only the lease in its record, or the end of its owner's process, ends
// such a lock by itself.
func leased(r *meta.Record) bool { return r != nil && r.LeaseMS > 0 && r.Kind != meta.KindFile }

// leaseOf is a record's lease in words.
func leaseOf(r *meta.Record) string {
	if s := r.LeaseMS / 1000; s > int64(time.Duration(1<<63-1)/time.Second) {
		return fmt.Sprintf("%d s", s)
	}
	return (time.Duration(r.LeaseMS) * time.Millisecond).String()
}

// inTheWay is the guard, of another process, without which a stale lock cannot be
// removed: nobody else may before that is done, or was seen to have died.
func (a *app) inTheWay(ctx context.Context, st reaper.Status) (guard reaper.Status, ok bool) {
	if st.State != reaper.Stale || st.KernelBacked() {
		return reaper.Status{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, lookBriefly)
	defer cancel()
	dir, name := filepath.Split(st.Path)
	for range 3 { // of a process that died in the wake of another, and so on
		if name = fsys.GuardOf(name); name == "" {
			return reaper.Status{}, false
		}
		g, err := a.look(ctx, filepath.Join(dir, name))
		switch {
		case err != nil, !g.Exists:
			return reaper.Status{}, false
		case g.State != reaper.Stale:
			return g, true
		}
	}
	return reaper.Status{}, false
}
