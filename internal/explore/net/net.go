// Package net goes through every schedule of a few processes that use one soft
// lock over a network: the shipped code of lock and reaper, on a simulated
// directory with the lock's name and those of its guards, one call at a time.
//
// As in package explore, a process is where the tree of all that its program can
// hear leads; see there. What is different is time. Nothing here has a clock: how
// old a file is (young, more than half of its lease or of the torn grace old, or
// all of it) is decided when somebody asks, the owner his own clock or an
// observer what he has watched. What is dead or given up may be of any age at
// once; that a live process is overtaken by time costs one of Pauses.
//
// The look at the clock and the unlink it stands before are one step: the pause
// between those two is what a lease cannot exclude, and is documented.
package net

import (
	"fmt"
	"strings"
	"time"
)

// most is how many processes can play at once; the one after them is the
// janitor, who comes when they are all dead.
const (
	most    = 3
	janitor = most
)

// Config is what is gone through.
type Config struct {
	Actors  []*Program
	Hosts   string // a letter for each process: equal ones are on one host
	Rounds  int
	Crashes int
	Pauses  int  // how often a live process is overtaken by time
	Losses  int  // how many calls that were done say that they failed
	Stale   int  // how many answers are out of a cache
	Halves  bool // a write is two steps
	Touch   bool // a late renewal reaches the file at any time
	Aside   bool // names stay while files are open (SMB), so files are renamed first
	Stuck   bool // look for states from which not everybody can finish
	Most    int  // give up after so many states; 0: never
}

func (c *Config) String() string {
	s := "net " + c.Hosts + ":"
	for _, p := range c.Actors {
		s += " " + p.Name
	}
	s += fmt.Sprintf(", %d rounds, %d crashes, %d pauses", c.Rounds, c.Crashes, c.Pauses)
	for _, o := range c.options() {
		s += ", " + strings.TrimPrefix(o, "-")
	}
	return s
}

func (c *Config) options() (all []string) {
	if c.Losses > 0 {
		all = append(all, fmt.Sprintf("-losses %d", c.Losses))
	}
	if c.Stale > 0 {
		all = append(all, fmt.Sprintf("-stale %d", c.Stale))
	}
	for _, o := range []struct {
		on   bool
		name string
	}{{c.Halves, "-halves"}, {c.Touch, "-touch"}, {c.Aside, "-aside"}, {c.Stuck, "-stuck"}} {
		if o.on {
			all = append(all, o.name)
		}
	}
	return all
}

// Flags are those of the command that goes through it.
func (c *Config) Flags() string {
	var names []string
	for _, p := range c.Actors {
		names = append(names, p.Name)
	}
	s := fmt.Sprintf("-net %q -hosts %s -rounds %d -crashes %d -pauses %d", strings.Join(names, " "), c.Hosts, c.Rounds, c.Crashes, c.Pauses)
	return strings.Join(append([]string{s}, c.options()...), " ")
}

// check says what is wrong with a configuration.
func (c *Config) check() error {
	switch n := len(c.Actors); {
	case n == 0 || n > most:
		return fmt.Errorf("%d programs: 1 to %d can play", n, most)
	case len(c.Hosts) != n:
		return fmt.Errorf("hosts %q: one letter for each of %d programs", c.Hosts, n)
	case c.Rounds < 1 || c.Rounds > 15 || c.Crashes < 0 || c.Crashes > 9 || c.Pauses < 0 || c.Pauses > 9:
		return fmt.Errorf("rounds are 1 to 15, crashes and pauses 0 to 9")
	}
	for _, p := range c.Actors {
		if p.near && strings.Trim(c.Hosts, c.Hosts[:1]) != "" {
			return fmt.Errorf("%s has no lease, so all must be on one host", p.Name)
		}
	}
	return nil
}

// faulty: calls may fail, and then programs end with errors and leave things.
func (c *Config) faulty() bool { return c.Losses > 0 || c.Stale > 0 }

// Result is what a search came to.
type Result struct {
	States, Moves int
	Nodes         int // of the programs' trees
	Depth         int
	Time          time.Duration
	Wrong         string   // "" when nothing was
	Path          []string // the shortest way there
}

func name(p int) string {
	if p == janitor {
		return "J"
	}
	return string(rune('A' + p))
}
