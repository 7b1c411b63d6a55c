// Command explore goes through everything that processes can do with a lock,
// one call at a time, in every order, with a kill possible before each call.
//
//	go run ./internal/explore/explore -set ci
//	go run ./internal/explore/explore -model reuse -actors "soft soft grant" -rounds 2 -crashes 2
//
// It prints a line for each configuration. When something is wrong it prints
// the shortest schedule that leads there, and the command that plays it again,
// and exits with 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/filelock-go/filelock/internal/explore"
	"github.com/filelock-go/filelock/internal/explore/gate"
	"github.com/filelock-go/filelock/internal/explore/net"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "explore:", err)
		os.Exit(1)
	}
}

var errWrong = errors.New("something is wrong")

func run() error {
	var c explore.Config
	model := flag.String("model", "local", "the world: "+names(explore.Models))
	actors := flag.String("actors", "soft soft soft", "the programs, of "+names(explore.Programs))
	flag.IntVar(&c.Rounds, "rounds", 2, "how often each program does what it does")
	flag.IntVar(&c.Crashes, "crashes", 2, "how many processes are killed at most")
	flag.BoolVar(&c.Restart, "restart", false, "who is killed begins again as another process")
	flag.BoolVar(&c.Stuck, "stuck", false, "look for states from which not everybody can finish; takes more memory")
	flag.BoolVar(&c.Harm, "harm", false, "only two owners and wedges count as wrong")
	most := flag.Int("most", 150e6, "give up after so many states")
	name := flag.String("set", "", "short, ci or long: all of these, instead of one")
	ofGate := flag.String("gate", "", "go through the gate in place of the lock, with these programs: waits, stays, comes, tries, rm")
	var n net.Config
	overNet := flag.String("net", "", "go through the lock over a network, with these programs: lease, brief, waits, fenced, endless, grant, break, reap")
	flag.StringVar(&n.Hosts, "hosts", "abc", "over a network: a letter for each process, equal ones are on one host")
	flag.IntVar(&n.Pauses, "pauses", 1, "over a network: how often a live process is overtaken by time")
	flag.IntVar(&n.Losses, "losses", 0, "over a network: how many calls that were done say that they failed")
	flag.IntVar(&n.Stale, "stale", 0, "over a network: how many answers are out of a cache")
	flag.BoolVar(&n.Halves, "halves", false, "over a network: a write is two steps")
	flag.BoolVar(&n.Touch, "touch", false, "over a network: renewals come late")
	flag.BoolVar(&n.Aside, "aside", false, "over a network: names stay while files are open, so files are renamed first")
	replay := flag.String("replay", "", "play a schedule again")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("argument %q is not understood; lists are quoted", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *ofGate != "" {
		return runGate(ctx, []*gate.Config{{Actors: gate.Named(*ofGate), Rounds: c.Rounds, Crashes: c.Crashes, Restart: c.Restart}})
	}
	if *overNet != "" {
		n.Actors, n.Rounds, n.Crashes, n.Stuck, n.Most = net.Named(*overNet), c.Rounds, c.Crashes, c.Stuck, *most
		n.Hosts = n.Hosts[:min(len(n.Hosts), len(n.Actors))]
		return runNet(ctx, []*net.Config{&n})
	}
	all := []*explore.Config{&c}
	if *name != "" {
		set := explore.Sets[*name]
		if set == nil {
			return fmt.Errorf("there is no set %q", *name)
		}
		all = set()
	} else if err := named(&c, *model, *actors); err != nil {
		return err
	}
	if *replay != "" {
		r, err := c.Replay(*replay)
		print(&c, r)
		return err
	}
	if err := runAll(ctx, all, *most); err != nil || *name == "" {
		return err
	}
	if err := runGate(ctx, gate.Sets[*name]()); err != nil {
		return err
	}
	return runNet(ctx, net.Sets[*name]())
}

// runNet goes through the lock over a network, one configuration after the other.
func runNet(ctx context.Context, all []*net.Config) error {
	for _, c := range all {
		r, err := c.Run(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		fmt.Printf("%-68s %9d states %10d moves %4d deep %6.1fs\n", c, r.States, r.Moves, r.Depth, r.Time.Seconds())
		if r.Wrong != "" {
			for i, m := range r.Path {
				fmt.Printf("%4d  %s\n", i+1, m)
			}
			fmt.Printf("wrong: %s\nagain: go run ./internal/explore/explore %s\n", r.Wrong, c.Flags())
			return errWrong
		}
	}
	return nil
}

// runGate goes through the gate, one configuration after the other.
func runGate(ctx context.Context, all []*gate.Config) error {
	for _, c := range all {
		if len(c.Actors) == 0 {
			return errors.New("of the gate's programs there are waits, stays, comes, tries and rm, up to four at once")
		}
		r, err := c.Run(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		fmt.Printf("%-68s %9d states %10d moves            %6.1fs\n", c, r.States, r.Moves, r.Time.Seconds())
		if r.Wrong != "" {
			for i, m := range r.Path {
				fmt.Printf("%4d  %s\n", i+1, m)
			}
			fmt.Printf("wrong: %s\nagain: go run ./internal/explore/explore %s\n", r.Wrong, c.Flags())
			return errWrong
		}
	}
	return nil
}

// atOnce is how many configurations are gone through at the same time.
const atOnce = 2

// done is a configuration that was gone through.
type done struct {
	c   *explore.Config
	r   explore.Result
	err error
}

// runAll goes through the configurations and prints them in their order, up to
// the first that is wrong.
func runAll(ctx context.Context, all []*explore.Config, most int) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	start, states := time.Now(), 0
	next, results := make(chan int), make([]chan done, len(all))
	for i := range results {
		results[i] = make(chan done, 1)
	}
	for range min(atOnce, len(all)) {
		go func() {
			for i := range next {
				c := all[i]
				c.Most = most
				r, err := c.Run(ctx)
				results[i] <- done{c, r, err}
			}
		}()
	}
	go func() {
		defer close(next)
		for i := range all {
			next <- i
		}
	}()
	for _, result := range results {
		d := <-result
		if d.err != nil {
			return fmt.Errorf("%s: %w", d.c, d.err)
		}
		fmt.Printf("%-68s %9d states %10d moves %4d deep %6.1fs\n", d.c, d.r.States, d.r.Moves, d.r.Depth, d.r.Time.Seconds())
		states += d.r.States
		if d.r.Wrong != "" {
			print(d.c, d.r)
			return errWrong
		}
	}
	fmt.Printf("%d configurations, %d states, %.0f s: nothing wrong\n", len(all), states, time.Since(start).Seconds())
	return nil
}

func named(c *explore.Config, model, actors string) error {
	if c.Model = explore.ModelNamed(model); c.Model == nil {
		return fmt.Errorf("there is no model %q", model)
	}
	for _, n := range strings.Fields(actors) {
		p := explore.ProgramNamed(n)
		if p == nil {
			return fmt.Errorf("there is no program %q", n)
		}
		c.Actors = append(c.Actors, p)
	}
	switch {
	case len(c.Actors) == 0 || len(c.Actors) > explore.MaxActors:
		return fmt.Errorf("%d programs: 1 to %d can play", len(c.Actors), explore.MaxActors)
	case c.Rounds < 1 || c.Rounds > 15, c.Crashes < 0 || c.Crashes > 100:
		return errors.New("rounds are 1 to 15, crashes 0 to 100")
	}
	return nil
}

func print(c *explore.Config, r explore.Result) {
	for i, m := range r.Path {
		fmt.Printf("%4d  %s\n", i+1, m)
	}
	if r.Wrong == "" {
		return
	}
	fmt.Printf("wrong: %s\n", r.Wrong)
	if len(r.Path) > 0 && r.Replay != "" {
		fmt.Printf("again: go run ./internal/explore/explore %s -replay %s\n", c.Flags(), r.Replay)
	}
}

func names[T interface{ ID() string }](of []T) string {
	var all []string
	for _, x := range of {
		all = append(all, x.ID())
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
