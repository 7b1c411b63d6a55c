//go:build linux || windows

package filelock_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/filelock-go/filelock/lock"
)

// job is what the parent tells a process of the stress to do.
type job struct {
	Dir   string
	Kinds []string // of lock to take; one is picked at random each time
	Seed  uint64   // makes the process's choices repeatable; the schedule is not

	Deaths []death // of which it may die one; if empty, any
}

// owner is a lock as the stress uses it, taken once and released once.
type owner struct {
	take, release func() error
}

func init() { roles["stress"] = stressWorker }

// stressWorker takes and releases the lock until standard input ends or it is
// killed, by itself in half of the critical sections.
func stressWorker(args []string) error {
	var j job
	if err := json.Unmarshal([]byte(args[0]), &j); err != nil {
		return err
	}
	var over atomic.Bool
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		over.Store(true)
		time.Sleep(2 * herdPatience) // the parent has asked long before why this one waits
		os.Exit(1)
	}()
	a := arena{j.Dir}
	r := rand.New(rand.NewPCG(j.Seed, 1))
	w, err := openWitness(a)
	if err != nil {
		return err
	}
	switch {
	case len(j.Deaths) > 0:
	case j.Kinds[0] == renamesAside:
		j.Deaths = deathsAt(asideSteps)
	default:
		j.Deaths = deathsAt(softSteps)
	}
	s := newSaboteur(a, r, j.Deaths)
	for !over.Load() {
		o := newOwner(j.Kinds[r.IntN(len(j.Kinds))], s)
		s.stage = taking
		a.queue(wants, os.Getpid())
		if err := o.take(); err != nil {
			a.append(errorLog, "process %d, Lock: %v", os.Getpid(), err)
			return err
		}
		a.queue(got, os.Getpid())
		s.stage = inside
		if err := section(a, s, w); err != nil {
			return err
		}
		s.stage = releasing
		if err := o.release(); err != nil {
			a.append(errorLog, "process %d, Unlock: %v", os.Getpid(), err)
		}
	}
	return nil
}

func newOwner(kind string, s *saboteur) owner {
	path := s.arena.lock()
	opts := []lock.Option{
		lock.InHost(s.world()), lock.WithLogger(slog.New(countBreaks{s.arena})),
		lock.WithNote(strings.Repeat("x", s.rand.IntN(40))), // no two records are of one length
	}
	switch kind {
	case "soft":
		l := lock.NewSoft(path, opts...)
		return owner{func() error { return l.Lock(bg) }, l.Unlock}
	case "file":
		l := lock.NewFile(path, opts...)
		return owner{func() error { return l.Lock(bg) }, l.Unlock}
	case "grant":
		var token string
		return owner{
			func() (err error) { token, err = lock.Grant(bg, path, os.Getpid(), opts...); return },
			func() error { return lock.Revoke(bg, path, token) },
		}
	case renamesAside:
		l := newAside(path, s)
		return owner{l.take, l.release}
	}
	panic("no such kind: " + kind)
}

// section is the critical section: the witness, and a read, an increment and a
// write of a counter that nothing but the lock protects.
func section(a arena, s *saboteur, w *witness) error {
	places := []string{"witness", "read", "begin", "write", "done"}
	dies := -1
	if s.rand.IntN(2) == 0 {
		dies = s.rand.IntN(len(places))
	}
	place := func(i int) {
		if s.rand.IntN(4) == 0 {
			time.Sleep(time.Duration(s.rand.IntN(500)) * time.Microsecond)
		}
		if i == dies {
			s.die(death{s.stage, true, places[i]})
		}
	}
	other, err := w.enter()
	if err != nil {
		return err
	}
	if other != 0 {
		a.append(overlaps, "process %d took the lock while process %d had it", os.Getpid(), other)
	}
	place(0)
	n, err := readCounter(a)
	if err != nil {
		return err
	}
	n++
	place(1)
	a.append(journal, "begin %d %d", n, os.Getpid())
	place(2)
	if err := writeCounter(a, n); err != nil {
		return err
	}
	place(3)
	a.append(journal, "done %d %d", n, os.Getpid())
	place(4)
	return w.leave()
}

// countBreaks notes the log's entries about broken locks.
type countBreaks struct{ arena arena }

func (c countBreaks) Enabled(context.Context, slog.Level) bool { return true }
func (c countBreaks) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c countBreaks) WithGroup(string) slog.Handler            { return c }
func (c countBreaks) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "broke ") {
		rule := ""
		r.Attrs(func(at slog.Attr) bool {
			if at.Key == "rule" {
				rule = at.Value.String()
			}
			return true
		})
		c.arena.append(breaks, "%s", rule)
	}
	return nil
}
