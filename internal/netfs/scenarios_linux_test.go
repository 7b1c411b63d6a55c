package netfs

import (
	"os"
	"slices"
	"testing"
	"time"
)

// scenario is a claim that is shown on a rig. It finds every machine up and
// connected, the directory empty, and the witness at work.
type scenario struct {
	name string
	sets []string // of FILELOCK_TEST_NETFS, "" among them
	run  func(t *testing.T, r *Rig)
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
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := boot(t, s, os.Getenv("FILELOCK_TEST_NETFS_MOUNT"))
			for _, sc := range scenarios {
				if slices.Contains(sc.sets, chosen()) {
					t.Run(sc.name, func(t *testing.T) {
						r.ready(t)
						start := time.Now()
						sc.run(t, r)
						t.Logf("took %v", time.Since(start).Round(10*time.Millisecond))
					})
				}
			}
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
