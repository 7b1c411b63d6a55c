package netfs

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/filelock-go/filelock/reaper"
)

func init() {
	scenarios = append(scenarios, scenario{"a look after a look that found nothing", []string{"ci", "lock", "afresh"}, looksAfresh, 1})

	// looks PATH: says what it sees of a lock for each line that it reads.
	roles["looks"] = func(args []string) error {
		in := bufio.NewScanner(os.Stdin)
		fmt.Println("ready")
		for in.Scan() {
			st, err := reaper.Inspect(context.Background(), args[0])
			if err != nil {
				return err
			}
			fmt.Println("saw", st.State)
		}
		return in.Err()
	}
}

// A client remembers for a minute that there was no file. Who inspects a lock
// that another machine took since then is not told that it is free.
func looksAfresh(t *testing.T, r *Rig) {
	path := clientDir + "/afresh.lock"
	looker := r.Clients[1].Role(t, "looks", path)
	looker.Awaits(t, "ready")
	for range 3 {
		looker.Say(t, "look")
		if got := looker.Awaits(t, "saw"); got != "saw free" {
			t.Fatalf("%s before anybody took it", got)
		}
		holder := r.Clients[0].Role(t, "holdslease", path)
		holder.Awaits(t, "held")
		looker.Say(t, "look")
		if got := looker.Awaits(t, "saw"); got == "saw free" {
			t.Error("another machine has the lock, and it is said to be free")
		}
		holder.Close(t)
		holder.Succeeds(t)
	}
	looker.Close(t)
	looker.Succeeds(t)
}
