//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// main stays on the first thread, which starts the children: they end with
// the thread that started them.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		if err := serve(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "bench: serve:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// With a reader of stdout that has gone, what was made is removed, too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	if err := command(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

// command is the command.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var (
		fs    = flag.NewFlagSet("bench", flag.ContinueOnError)
		quick = fs.Bool("short", false, "under a minute, in memory only, to compare two commits")
		least = fs.Bool("tiny", false, "seconds, in memory only: shows only that everything runs")
		mem   = fs.Bool("memory", false, "in memory only, as -short")
		dir   = fs.String("dir", "", "a directory on the disk to measure on (default: the one for temporary files, if it is on a disk)")
		only  = fs.String("only", "", "these experiments only, with commas: "+experimentNames())
		who   = fs.String("contestants", "", "these contestants only, with commas, and the references")
		wait  = fs.Duration("waiter", 0, "how long a waiter's CPU time is watched (default 1m0s, with -short 5s)")
		more  = fs.Int("rounds", 0, "rounds (default 7, with -short 6)")
		old   = fs.String("beside", "", "LABEL=BINARY: another build of this program, whose versions of ours take part, too")
		bfmt  = fs.Bool("benchfmt", false, "print what benchstat reads, a line for each round")
		out   = fs.String("out", "", "write tables and plots into this directory, too (a full run of everything: results)")
		quiet = fs.Bool("q", false, "do not say what is being done")
	)
	fs.SetOutput(stderr)
	if err := fs.Parse(args); err != nil {
		return err
	}
	b := &bench{ctx: ctx, effort: full, progress: stderr}
	switch {
	case *least:
		b.effort = tiny
	case *quick:
		b.effort = short
	}
	if *wait > 0 {
		b.effort.waiter = *wait
	}
	if *more > 0 {
		b.effort.rounds = *more
	}
	if *quiet {
		b.progress = io.Discard
	}
	if *who != "" {
		b.chosen = strings.Split(*who, ",")
	}
	if *old != "" {
		label, binary, ok := strings.Cut(*old, "=")
		if !ok {
			return fmt.Errorf("-beside %s: want LABEL=BINARY", *old)
		}
		b.beside = append(b.beside, build{label, binary})
	}
	for _, name := range b.chosen {
		if _, err := contestantNamed(name); err != nil {
			return err
		}
	}
	chosen, err := chooseExperiments(*only)
	if err != nil {
		return err
	}
	ps, err := places(*dir, *mem || *quick || *least)
	defer func() {
		for _, p := range ps {
			err = errors.Join(err, os.RemoveAll(p.dir))
		}
	}()
	if err != nil {
		return err
	}
	var tables []*table
	for _, x := range chosen {
		for _, p := range ps {
			ts := x.run(b, p)
			for _, t := range ts {
				t.experiment = x.name
			}
			tables = append(tables, ts...)
			if ctx.Err() != nil {
				return errors.New("interrupted")
			}
		}
	}
	if *out == "" && !*quick && !*least && *only == "" && *who == "" {
		*out = "results"
	}
	if *out != "" {
		if err := write(*out, tables); err != nil {
			return err
		}
	}
	header := conditions() + "\n\n"
	if *bfmt {
		header = fmt.Sprintf("goos: %s\ngoarch: %s\npkg: github.com/filelock-go/filelock/bench\n", runtime.GOOS, runtime.GOARCH)
	}
	if _, err := fmt.Fprint(stdout, header); err != nil {
		return err
	}
	for _, t := range tables {
		text := t.markdown() + "\n"
		if *bfmt {
			text = t.benchfmt()
		}
		if _, err := fmt.Fprint(stdout, text); err != nil {
			return err
		}
	}
	return nil
}

func experimentNames() string {
	var names []string
	for _, x := range experiments {
		names = append(names, x.name)
	}
	return strings.Join(names, ",")
}

func chooseExperiments(only string) ([]experiment, error) {
	if only == "" {
		return experiments, nil
	}
	var chosen []experiment
	for _, name := range strings.Split(only, ",") {
		i := slices.IndexFunc(experiments, func(x experiment) bool { return x.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no experiment %q: there are %s", name, experimentNames())
		}
		chosen = append(chosen, experiments[i])
	}
	return chosen, nil
}
