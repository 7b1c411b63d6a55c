package netfs

import (
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// scenario is a claim that is shown on a rig. It finds every machine up and
// connected, the directory empty, and the witness at work.
type scenario struct {
	name    string
	sets    []string // of FILELOCK_TEST_NETFS, "" among them
	run     func(t *testing.T, r *Rig)
	seconds int // about how long it takes, if that is long: it begins earlier
}

var scenarios []scenario

// TestScenarios runs the chosen scenarios on every filesystem, or ordinarily on
// one. The filesystems are looked at at the same time.
func TestScenarios(t *testing.T) {
	systems := []system{nfs3, nfs42, smb}
	if chosen() == "" {
		systems = []system{nfs42}
	}
	for _, s := range systems {
		q := &toRun{}
		for _, sc := range scenarios {
			if slices.Contains(sc.sets, chosen()) {
				q.left = append(q.left, sc)
			}
		}
		slices.SortStableFunc(q.left, func(a, b scenario) int { return b.seconds - a.seconds })
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if chosen() != "ci" {
				q.on(t, s)
				return
			}
			for i := range rigs {
				t.Run(strconv.Itoa(i+1), func(t *testing.T) {
					t.Parallel()
					q.on(t, s)
				})
			}
		})
	}
}

// rigs is how many of a filesystem are at work where there is much to show: most
// of it is waiting for leases.
const rigs = 2

// toRun are the scenarios that no rig has begun yet.
type toRun struct {
	mu   sync.Mutex
	left []scenario
}

func (q *toRun) next() (scenario, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.left) == 0 {
		return scenario{}, false
	}
	sc := q.left[0]
	q.left = q.left[1:]
	return sc, true
}

// on boots a rig, and runs on it what is left, until nothing is.
func (q *toRun) on(t *testing.T, s system) {
	options := os.Getenv("FILELOCK_TEST_NETFS_MOUNT")
	if options == "" && (chosen() == "ci" || chosen() == "lock") {
		options = s.options
	}
	r := boot(t, s, options)
	for sc, ok := q.next(); ok; sc, ok = q.next() {
		t.Run(sc.name, func(t *testing.T) {
			r.ready(t)
			start := time.Now()
			sc.run(t, r)
			t.Logf("took %v", time.Since(start).Round(10*time.Millisecond))
		})
	}
}

// ready makes everything as a scenario finds it.
func (r *Rig) ready(t *testing.T) {
	t.Helper()
	r.Repair(t)
	if r.witness == nil || r.witness.Ended() {
		r.Witness(t)
	}
	r.forget(t)
}
