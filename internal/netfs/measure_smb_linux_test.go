package netfs

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func init() {
	scenarios = append(scenarios,
		scenario{"which renewals are seen", []string{"measure", "renew"}, measureRenewals, 0},
		scenario{"what a killed client leaves open", []string{"measure", "open"}, measureLeftOpen, 0},
	)

	// renew PATH HOW: makes the file, and renews it in that way at each line that it
	// reads.
	roles["renew"] = func(args []string) error {
		f, err := os.OpenFile(args[0], os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		if _, err := f.WriteString("0123456789\n"); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		closed := strings.HasPrefix(args[1], "closed-")
		if closed {
			if err := f.Close(); err != nil {
				return err
			}
		}
		fmt.Println("ready")
		for n := 1; ; n++ {
			var line string
			if _, err := fmt.Scanln(&line); err != nil {
				return nil
			}
			if closed {
				if f, err = os.OpenFile(args[0], os.O_RDWR, 0); err != nil {
					return err
				}
			}
			switch strings.TrimPrefix(args[1], "closed-") {
			case "touch":
				err = touchFile(f)
			case "touch+fsync":
				err = errors.Join(touchFile(f), f.Sync())
			case "write+fsync":
				_, err = f.WriteAt([]byte("0"), 0)
				err = errors.Join(err, f.Sync())
			case "extend+fsync":
				_, err = f.WriteAt([]byte("\n"), int64(10+n))
				err = errors.Join(err, f.Sync())
			case "truncate":
				err = f.Truncate(int64(11 + n))
			}
			if closed {
				err = errors.Join(err, f.Close())
			}
			fmt.Println("renewed", time.Now().UnixNano(), err)
		}
	}

	// observe PATH PAUSE: looks by open and fstat, and says what it sees that is new.
	roles["observe"] = func(args []string) error {
		pause, err := time.ParseDuration(args[1])
		if err != nil {
			return err
		}
		last := ""
		for {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			i, err := f.Stat()
			buf := make([]byte, 100)
			n, rerr := f.Read(buf)
			err = errors.Join(err, rerr, f.Close())
			if err != nil {
				return err
			}
			c := i.Sys().(*syscall.Stat_t).Ctim
			if now := fmt.Sprintf("size %d mtime %v ctime %d.%d read %d", i.Size(), i.ModTime().Format("05.000"), c.Sec, c.Nsec, n); now != last {
				last = now
				fmt.Println("saw", time.Now().UnixNano(), now)
			}
			time.Sleep(pause)
		}
	}

	// attempt PATH HOW: tries to free a name, or to take it, for a while, and says
	// what came of it.
	roles["attempt"] = func(args []string) error {
		start := time.Now()
		try := map[string]func() error{
			"open": func() error {
				f, err := os.Open(args[0])
				if err == nil {
					_, err = f.Stat()
					_ = f.Close()
				}
				return err
			},
			"rename":       func() error { return os.Rename(args[0], args[0]+".aside") },
			"unlink":       func() error { return os.Remove(args[0]) },
			"unlink-aside": func() error { return os.Remove(args[0] + ".aside") },
			"create": func() error {
				f, err := os.OpenFile(args[0], os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
				if err == nil {
					err = f.Close()
				}
				return err
			},
		}[args[1]]
		err := try()
		first, took := err, time.Since(start)
		for err != nil && time.Since(start) < 60*time.Second {
			time.Sleep(200 * time.Millisecond)
			err = try()
		}
		fmt.Printf("%s: %v after %v; in the end %v after %v\n", args[1], first, took.Round(time.Millisecond), err, time.Since(start).Round(time.Millisecond))
		return nil
	}
}

// measureRenewals: an owner renews in several ways, observers look at several
// intervals. Is it seen within 10 s?
func measureRenewals(t *testing.T, r *Rig) {
	for _, how := range []string{"touch", "touch+fsync", "write+fsync", "extend+fsync", "truncate", "closed-touch", "closed-write+fsync"} {
		for _, pauses := range [][]string{{"20ms"}, {"1500ms"}, {"3s"}, {"700ms", "710ms", "730ms"}} {
			f := clientDir + "/renew." + how + pauses[0]
			p := r.Clients[0].Role(t, "renew", f, how)
			p.Awaits(t, "ready")
			var all []*Process
			for _, pause := range pauses {
				o := r.Clients[1].Role(t, "observe", f, pause)
				o.Awaits(t, "saw")
				all = append(all, o)
			}
			var delays []string
			for range 2 {
				time.Sleep(1200 * time.Millisecond)
				p.Say(t, "now")
				said := strings.Fields(p.Awaits(t, "renewed"))
				at, err := strconv.ParseInt(said[1], 10, 64)
				must(t, err)
				if said[2] != "<nil>" {
					t.Log(strings.Join(said, " "))
				}
				end := time.Now().Add(10 * time.Second)
				o := all[0]
				for len(o.Unread()) == 0 && time.Now().Before(end) {
					time.Sleep(5 * time.Millisecond)
				}
				if len(o.Unread()) == 0 {
					delays = append(delays, "NOT in 10 s")
					continue
				}
				for i, o := range all {
					if i > 0 && len(o.Unread()) == 0 {
						continue
					}
					for len(o.Unread()) > 0 {
						saw, err := strconv.ParseInt(strings.Fields(o.Line(t))[1], 10, 64)
						must(t, err)
						if i == 0 {
							delays = append(delays, time.Duration(saw-at).Round(time.Millisecond).String())
						}
					}
				}
			}
			for _, o := range append(all, p) {
				o.Kill(t)
			}
			r.measured(t, "renewal by %s, %d observers, pause %v: seen after %v", how, len(pauses), pauses[0], delays)
		}
	}
}

// measureLeftOpen: c1 is killed with a file open, or its process is stopped. What
// can c2 do with the name of the file?
func measureLeftOpen(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	for _, how := range []string{"is killed", "stops the process"} {
		for _, steps := range [][]string{{"open", "unlink", "create"}, {"rename", "create"}, {"rename", "unlink-aside", "create"}} {
			f := clientDir + "/left." + strings.Join(append(steps, how[:2]), "-")
			p := c1.Role(t, "renew", f, "touch")
			p.Awaits(t, "ready")
			p.Say(t, "now")
			p.Awaits(t, "renewed")
			if how == "is killed" {
				c1.Crash()
			} else {
				p.Signal(t, syscall.SIGSTOP)
			}
			for _, s := range steps {
				r.measured(t, "c1 %s with a file open: %v: %s", how, steps, c2.Act(t, "attempt", f, s))
			}
			r.measured(t, "then c2 sees %q", c2.Run(t, "ls", "-A", clientDir))
			if how == "is killed" {
				r.RestartClient(t, c1)
			} else {
				p.Signal(t, syscall.SIGCONT)
				p.Say(t, "now")
				r.measured(t, "then the process renews: %s", p.Line(t))
			}
		}
	}
}
