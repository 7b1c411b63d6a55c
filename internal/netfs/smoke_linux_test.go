package netfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"testing"
	"time"
)

// These show that the rig does what it says, with no lock of this project.
func init() {
	always := []string{"", "ci", "smoke"}
	scenarios = append(scenarios,
		scenario{"O_EXCL excludes", always, smokeExcludes, 0},
		scenario{"a machine cut off and connected again", always, smokeCut, 0},
		scenario{"a machine frozen and thawed", always, smokeFreeze, 0},
		scenario{"a client killed and started again", always, smokeCrash, 0},
		scenario{"a server killed and started again", []string{"ci", "smoke"}, smokeRestart, 0},
	)

	// excl PATH ROUNDS: takes and releases the simplest of locks.
	roles["excl"] = func(args []string) error {
		rounds, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		o, err := dialWitness("excl")
		if err != nil {
			return err
		}
		for range rounds {
			f, err := createExcl(args[0])
			if err != nil {
				return err
			}
			o.next("excl")
			if err := o.inside(2, time.Millisecond, func() bool { return true }); err != nil {
				return err
			}
			if err := errors.Join(f.Close(), os.Remove(args[0])); err != nil {
				return err
			}
		}
		return nil
	}

	// empty DIR: removes what is in a directory.
	roles["empty"] = func(args []string) error {
		// Again and again, for what another client has open goes when that notices.
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			err := empty(args[0])
			if err == nil || time.Now().After(end) {
				return err
			}
		}
	}

	// write: for each line that it reads, a path, makes a file there, and says so.
	roles["write"] = func([]string) error {
		fmt.Println("ready")
		for {
			var p string
			if _, err := fmt.Scanln(&p); err != nil {
				return nil // the end
			}
			for {
				err := os.WriteFile(p, []byte("x"), 0o644)
				if err == nil {
					break
				}
				fmt.Println(err) // of a soft mount, while the server is away
				time.Sleep(100 * time.Millisecond)
			}
			fmt.Println("wrote", p)
		}
	}
}

func empty(dir string) error {
	names, err := os.ReadDir(dir)
	for _, n := range names {
		if gone := os.RemoveAll(path.Join(dir, n.Name())); gone != nil {
			err = gone
		}
	}
	if err != nil {
		return err
	}
	if names, err = os.ReadDir(dir); len(names) > 0 {
		return fmt.Errorf("there is still %q", names[0].Name())
	}
	return err
}

// createExcl waits until it has made a file that was not there.
func createExcl(p string) (*os.File, error) {
	for {
		f, err := os.OpenFile(p, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		// A file that is just being deleted is "access denied" on SMB.
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrPermission) {
			return f, err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func smokeExcludes(t *testing.T, r *Rig) {
	const each, rounds = 4, 10
	var all []*Process
	for _, c := range r.Clients {
		for range each {
			all = append(all, c.Role(t, "excl", path.Join(clientDir, "excl"), strconv.Itoa(rounds)))
		}
	}
	for _, p := range all {
		if code := p.Wait(t); code != 0 {
			t.Errorf("%s: exit code %d: %s", p.guest.Name, code, p.Output())
		}
	}
	s := r.Excluded(t)
	if want := len(r.Clients) * each * rounds; s.Enters != want || s.Replaced != 0 || s.Inside != "" {
		t.Errorf("%d enters and %d replaced, and %q is inside still, want %d, 0 and nobody", s.Enters, s.Replaced, s.Inside, want)
	}
}

func smokeCut(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	w := c1.Role(t, "write")
	w.Awaits(t, "ready")
	c1.Cut()
	w.Say(t, clientDir+"/c1")
	c2.Run(t, "touch", clientDir+"/c2")
	if got := r.Server.Run(t, "ls", serverDir); got != "c2" {
		t.Errorf("the server has %q, want what c2 wrote only, for c1 is cut off", got)
	}
	c1.Heal()
	w.Awaits(t, "wrote")
	if got := r.Server.Run(t, "ls", serverDir); got != "c1\nc2" {
		t.Errorf("the server has %q, want what both wrote", got)
	}
}

func smokeFreeze(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	w := c1.Role(t, "write")
	w.Awaits(t, "ready")
	c1.Freeze(t)
	w.Say(t, clientDir+"/c1")
	c2.Run(t, "touch", clientDir+"/c2")
	if got := r.Server.Run(t, "ls", serverDir); got != "c2" || len(w.Unread()) != 0 {
		t.Errorf("the server has %q, and c1 says %q, want what c2 wrote and nothing: c1 is frozen", got, w.Unread())
	}
	c1.Thaw(t)
	w.Awaits(t, "wrote")
}

func smokeCrash(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	w := c1.Role(t, "write")
	w.Awaits(t, "ready")
	w.Say(t, clientDir+"/before")
	w.Awaits(t, "wrote")
	c1.Crash()
	if code := w.Wait(t); code != -1 {
		t.Errorf("the process ended with %d, want -1: its machine is gone", code)
	}
	c2.Run(t, "touch", clientDir+"/c2")
	r.RestartClient(t, c1)
	if got := c1.Run(t, "ls", clientDir); got != "before\nc2" {
		t.Errorf("c1 sees %q, want what was written before it was killed, and since", got)
	}
}

func smokeRestart(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	w := c1.Role(t, "write")
	w.Awaits(t, "ready")
	w.Say(t, clientDir+"/before")
	w.Awaits(t, "wrote")
	r.Server.Run(t, "sync")
	r.Server.Crash()
	w.Say(t, clientDir+"/during")
	r.RestartServer(t)
	w.Awaits(t, "wrote")
	if got := c2.Run(t, "ls", clientDir); got != "before\nduring" {
		t.Errorf("c2 sees %q, want what was written before the server was killed, and after", got)
	}
}
