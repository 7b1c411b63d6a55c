package netfs

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/lock"
)

func init() {
	scenarios = append(scenarios, scenario{"requests to the server", []string{"ci", "lock", "requests"}, requestsCounted, 10})

	// requests PATH: counts what each way to lock asks the server for.
	roles["requests"] = func(args []string) error {
		const rounds = 20
		l := lock.NewSoft(args[0])
		counted := map[string]map[string]float64{}
		for _, w := range []struct {
			name string
			do   func() error
		}{
			{"bare", func() error { return bareLock(args[0]) }},
			{"lock", func() error { return errors.Join(l.Lock(context.Background()), l.Unlock()) }},
			{"try", func() error { return errors.Join(l.TryLock(), l.Unlock()) }},
		} {
			if err := w.do(); err != nil { // the first of all knows less
				return fmt.Errorf("%s: %w", w.name, err)
			}
			before, err := requests()
			if err != nil {
				return err
			}
			for range rounds {
				if err := w.do(); err != nil {
					return fmt.Errorf("%s: %w", w.name, err)
				}
			}
			after, err := requests()
			if err != nil {
				return err
			}
			counted[w.name] = between(before, after, rounds)
		}
		return json.NewEncoder(os.Stdout).Encode(counted)
	}

	// waits PATH SECONDS: waits for a lock that another has, and counts the
	// requests of each second.
	roles["waits"] = func(args []string) error {
		seconds, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- lock.NewSoft(args[0]).Lock(ctx) }()
		var each []map[string]float64
		before, err := requests()
		for range seconds {
			time.Sleep(time.Second)
			after, aerr := requests()
			err = errors.Join(err, aerr)
			each = append(each, between(before, after, 1))
			before = after
		}
		cancel()
		if lerr := <-done; !errors.Is(lerr, lock.ErrHeld) {
			err = errors.Join(err, fmt.Errorf("the wait ended with %w", lerr))
		}
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(each)
	}

	// holds PATH: holds a lock until its standard input ends; holdslease with the
	// least lease.
	roles["holds"] = func(args []string) error { return holds(lock.NewSoft(args[0])) }
	roles["holdslease"] = func(args []string) error { return holds(lock.NewSoft(args[0], lock.WithLease(lease))) }
}

func holds(l *lock.Soft) error {
	if err := l.Lock(context.Background()); err != nil {
		return err
	}
	fmt.Println("held")
	_, _ = bufio.NewReader(os.Stdin).ReadString(0)
	return l.Unlock()
}

// bareLock is the least that takes and releases a lock with a record in it.
func bareLock(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Repeat("x", 500))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(path))
}

// requests are those that this machine made to servers of NFS, by kind
// (/proc/self/mountstats; the first number of each kind's line).
func requests() (map[string]float64, error) {
	b, err := os.ReadFile("/proc/self/mountstats")
	if err != nil {
		return nil, err
	}
	n := map[string]float64{}
	_, text, _ := strings.Cut(string(b), "per-op statistics")
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 3 || !strings.HasSuffix(f[0], ":") {
			continue
		}
		if v, err := strconv.ParseFloat(f[1], 64); err == nil {
			n[strings.TrimSuffix(f[0], ":")] += v
			n["all"] += v
		}
	}
	return n, nil
}

// asked are the requests that somebody's calls led to: not those about
// delegations, which the server gives as it likes, and has given back.
func asked(n map[string]float64) float64 { return n["all"] - n["DELEGRETURN"] - n["TEST_STATEID"] }

func between(before, after map[string]float64, rounds float64) map[string]float64 {
	d := map[string]float64{}
	for k, v := range after {
		if n := (v - before[k]) / rounds; n != 0 {
			d[k] = n
		}
	}
	return d
}

// On NFS a lock and an unlock are at most two requests more than the system
// calls that nobody can do without, and a waiter is no burden.
func requestsCounted(t *testing.T, r *Rig) {
	if r.System.name == smb.name {
		t.Skip("SMB has no such counters")
	}
	path := clientDir + "/requests"
	var counted map[string]map[string]float64
	if err := json.Unmarshal([]byte(r.Clients[0].Act(t, "requests", path)), &counted); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bare", "lock", "try"} {
		t.Logf("%-4s %v", name, counted[name])
	}
	if bare, ours := asked(counted["bare"]), asked(counted["lock"]); r.System.name == nfs42.name && ours > bare+2 {
		t.Errorf("%v requests for a lock and an unlock, and %v for bare system calls: at most two more are right", ours, bare)
	}
	holder := r.Clients[1].Role(t, "holds", path)
	holder.Awaits(t, "held")
	var each []map[string]float64
	if err := json.Unmarshal([]byte(r.Clients[0].Act(t, "waits", path, "8")), &each); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, n := range each {
		t.Logf("in second %d a waiter made %v", i+1, n)
		if i > 0 {
			sum += n["all"]
		}
	}
	if sum > 5*float64(len(each)-1) {
		t.Errorf("a waiter made %v requests a second after its first, want 5 at most", sum/float64(len(each)-1))
	}
	holder.Close(t)
	holder.Succeeds(t)
}
