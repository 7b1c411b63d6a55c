//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/google/uuid"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

// scan measures a look at every lock of a directory: who has it, and is that
// owner alive.
func scan(b *bench, p *place) []*table {
	n := b.effort.files
	t := &table{
		name: "scan", where: p.fs, ref: "read-all",
		title: fmt.Sprintf("Scan of %d lock files of dead owners", n),
		about: "The reference lists the directory, and opens, reads and closes each file, in one thread; it judges nothing. Memory is the largest resident size of the process, which has all of this benchmark in it.",
		columns: []column{
			{key: "time", title: "time", ratio: ofRounds},
			{key: "each", title: "a lock"},
			{key: "memory", title: "memory", unit: size, ratio: ofRounds},
		},
	}
	dir := p.fresh()
	buried := graveyard(dir, n)
	t.entries = b.entries(t.ref, []string{"reaper-scan"}, func(c *contestant) (func() (outcome, error), func(), error) {
		slice := func() (outcome, error) {
			q, err := spawn(c) // each time: its memory is that of one scan
			if err != nil {
				return outcome{}, err
			}
			defer q.stop()
			r, err := q.ask(request{Do: "scan", Path: dir})
			if err == nil && r.Counts[0] != n {
				err = fmt.Errorf("found %d locks of %d", r.Counts[0], n)
			}
			if err != nil {
				return outcome{}, err
			}
			took := float64(r.Took[0])
			return outcome{values: map[string]float64{"time": took, "each": took / float64(n), "memory": float64(r.Memory)}}, nil
		}
		return slice, nil, buried
	})
	ts := b.rotate(t, b.effort.rounds)
	if err := os.RemoveAll(dir); err != nil { // a hundred thousand are in the others' way
		fmt.Fprintln(b.progress, err)
	}
	return ts
}

// graveyard makes the soft locks of n owners that have died, as they leave
// them: the kernel lock on the very file that the record names is free.
func graveyard(dir string, n int) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	raw, err := recordOf(lock.NewSoft(filepath.Join(dir, "one")))
	if err != nil {
		return err
	}
	var rec meta.Record
	if err := rec.UnmarshalJSON(raw); err != nil {
		return err
	}
	for i := range n {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%06d.lock", i)))
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Fstat(int(f.Fd()), &st); err != nil {
			return errors.Join(err, f.Close())
		}
		rec.Inode, rec.Token = strconv.FormatUint(st.Ino, 10), uuid.NewString()
		b, err := rec.Encode()
		if err == nil {
			_, err = f.Write(b)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}
