package netfs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/filelock-go/filelock/reaper"
)

func init() {
	scenarios = append(scenarios, scenario{"a container and its host of one name", []string{"ci", "lock", "container"}, sameName, 16})

	// judges PATH: says the verdict on a lock again and again for more than a
	// lease, as one observer and as many that look once.
	roles["judges"] = func(args []string) error {
		for end := time.Now().Add(lease + lease/2); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
			j, err := reaper.Judge(context.Background(), args[0])
			if err != nil {
				return err
			}
			fmt.Println(j.Verdict, j.Rule)
		}
		return nil
	}
}

// A container has its host's name, kernel and volume, but other process ids. The
// live owner of a lock is taken for dead neither from outside nor from inside.
func sameName(t *testing.T, r *Rig) {
	c := r.Clients[0]
	inside := func(role string, args ...string) *Process {
		return c.Start(t, []string{roleVar + "=" + role}, append([]string{"unshare", "--pid", "--fork", "--kill-child", "--mount-proc", shared("netfs.test")}, args...)...)
	}
	outside := func(role string, args ...string) *Process { return c.Role(t, role, args...) }
	type place struct {
		name           string
		holder, judges func(role string, args ...string) *Process
	}
	places := []place{{"the owner is in the container", inside, outside}, {"the owner is on the host", outside, inside}}
	holders, judges := map[string]*Process{}, map[string]*Process{}
	for i, p := range places {
		path := fmt.Sprintf("%s/name-%d.lock", clientDir, i)
		holders[p.name] = p.holder("holdslease", path)
		holders[p.name].Awaits(t, "held")
		judges[p.name] = p.judges("judges", path)
	}
	for _, p := range places {
		said := map[string]int{}
		j := judges[p.name]
		if code := j.Wait(t); code != 0 {
			t.Fatalf("%s: %d: %s", p.name, code, j.Output())
		}
		for _, line := range j.Unread() {
			said[line]++
		}
		t.Logf("%s: %v", p.name, said)
		for line := range said {
			if line != "unknown unproven" && line != "alive lease-renewed" {
				t.Errorf("%s: it is said to be %s", p.name, line)
			}
		}
		if said["alive lease-renewed"] == 0 {
			t.Errorf("%s: nobody saw it renewed", p.name)
		}
		holders[p.name].Close(t)
		holders[p.name].Succeeds(t)
	}
}
