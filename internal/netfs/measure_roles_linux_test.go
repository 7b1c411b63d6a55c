package netfs

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// touchFile sets the times of an open file to the server's now.
func touchFile(f *os.File) error {
	// What no times means to futimens(3): utimensat of a descriptor and no path.
	_, _, e := syscall.Syscall6(unix.SYS_UTIMENSAT, f.Fd(), 0, 0, 0, 0, 0)
	if e != 0 {
		return fmt.Errorf("futimens %q: %w", f.Name(), e)
	}
	return nil
}

func init() {
	// stamp PATH HOW: does something that sets a time.
	roles["stamp"] = func(args []string) error {
		f, err := os.OpenFile(args[0], os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return err
		}
		switch args[1] {
		case "write":
			_, err = f.WriteString("x")
		case "touch":
			err = touchFile(f)
		}
		return errors.Join(err, f.Sync(), f.Close())
	}

	// granularity PATH: says what the least step between two times of a file is.
	roles["granularity"] = func(args []string) error {
		f, err := os.Create(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		var last time.Time
		least, steps := time.Hour, 0
		const n = 300
		for range n {
			if err := touchFile(f); err != nil {
				return err
			}
			g, err := os.Open(args[0])
			if err != nil {
				return err
			}
			i, err := g.Stat()
			_ = g.Close()
			if err != nil {
				return err
			}
			if m := i.ModTime(); !m.Equal(last) {
				if !last.IsZero() {
					least = min(least, m.Sub(last))
				}
				last = m
				steps++
			}
		}
		fmt.Printf("%d times in a row a file is touched: %d different times, the least step %v, the last %d ns\n", n, steps, least, last.Nanosecond())
		return nil
	}

	// count PATH ROUNDS HOW: adds to a number in a file, under a lock beside it.
	roles["count"] = func(args []string) error {
		rounds, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		o, err := dialWitness("count")
		if err != nil {
			return err
		}
		flags := os.O_RDWR | os.O_CREATE
		if args[2] == "direct" {
			flags |= syscall.O_DIRECT
		}
		open := func() (*os.File, error) { return os.OpenFile(args[0], flags, 0o644) }
		kept, err := open()
		if err != nil {
			return err
		}
		defer kept.Close()
		if args[2] != "kept" {
			_ = kept.Close()
		}
		for range rounds {
			l, err := createExcl(args[0] + ".lock")
			if err != nil {
				return err
			}
			o.next("count")
			if _, err := o.say("enter", always); err != nil {
				return err
			}
			f := kept
			if args[2] != "kept" {
				if f, err = open(); err != nil {
					return err
				}
			}
			err = add(f, args[2])
			if args[2] != "kept" {
				err = errors.Join(err, f.Close())
			}
			if err != nil {
				return err
			}
			if _, err := o.say("leave", always); err != nil {
				return err
			}
			if err := errors.Join(l.Close(), os.Remove(args[0]+".lock")); err != nil {
				return err
			}
		}
		return nil
	}

	// flock PATH HOW: takes a kernel lock: "hold" keeps it, a duration is how long it
	// tries.
	roles["flock"] = func(args []string) error {
		f, err := os.OpenFile(args[0], os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return err
		}
		if args[1] == "hold" {
			if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
				return err
			}
			fmt.Println("held")
			_, err := bufio.NewReader(os.Stdin).ReadString('\n')
			return err
		}
		d, err := time.ParseDuration(args[1])
		if err != nil {
			return err
		}
		start := time.Now()
		for {
			err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
			if err == nil {
				fmt.Println("free after", time.Since(start).Round(100*time.Millisecond))
				return nil
			}
			if time.Since(start) >= d {
				fmt.Println("not free after", time.Since(start).Round(100*time.Millisecond), err)
				return nil
			}
			time.Sleep(200 * time.Millisecond)
		}
	}

	// open PATH: opens it, and writes to it and reads from it when told to.
	roles["open"] = func(args []string) error {
		f, err := os.OpenFile(args[0], os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return err
		}
		fmt.Println("open")
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			_, werr := f.WriteAt([]byte("y"), 0)
			serr := f.Sync()
			i, ierr := f.Stat()
			links := uint64(0)
			if ierr == nil {
				links = uint64(i.Sys().(*syscall.Stat_t).Nlink)
			}
			fmt.Printf("write: %v, fsync: %v, fstat: %v, links %d, touch: %v\n", werr, serr, ierr, links, touchFile(f))
		}
		return nil
	}

	// unlink PATH and create PATH say what became of it.
	roles["unlink"] = func(args []string) error {
		fmt.Println(os.Remove(args[0]))
		return nil
	}
	roles["create"] = func(args []string) error {
		f, err := os.OpenFile(args[0], os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		fmt.Println(err)
		if err != nil {
			return nil
		}
		return f.Close()
	}
}

func always() bool { return true }

// add adds one to the number in a file. With "kernel" it takes a kernel lock on
// the file meanwhile, which makes an NFS client forget what it has cached; with
// "direct" the file was opened past the cache.
func add(f *os.File, how string) error {
	if how == "kernel" {
		if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLKW, &syscall.Flock_t{Type: syscall.F_WRLCK}); err != nil {
			return err
		}
	}
	buf := make([]byte, 20)
	n, _ := f.ReadAt(buf, 0)
	v := 0
	if s := strings.TrimSpace(string(buf[:n])); s != "" {
		var err error
		if v, err = strconv.Atoi(s); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(&at{f}, "%-8d", v+1); err != nil {
		return err
	}
	return f.Sync()
}

// at writes to the beginning of a file.
type at struct{ f *os.File }

func (a *at) Write(p []byte) (int, error) { return a.f.WriteAt(p, 0) }
