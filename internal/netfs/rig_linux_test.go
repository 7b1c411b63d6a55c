package netfs

import (
	"embed"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const (
	// clientDir is the directory for locks as the clients see it, serverDir as the
	// server does.
	clientDir = "/mnt/d/d"
	serverDir = "/mnt/exp/d"
)

// system is a network filesystem.
type system struct {
	name           string
	script         string // of testdata: SCRIPT-server.sh, SCRIPT-client.sh
	version        string
	serverPrograms []string
	options        string // of mounts, unless measuring
}

var (
	nfs3  = system{"NFSv3", "nfs", "3", []string{"rpc.nfsd", "mount.nfs", "rpcbind"}, ""}
	nfs42 = system{"NFSv4.2", "nfs", "4.2", []string{"rpc.nfsd", "mount.nfs", "rpcbind"}, ""}
	// With a cache the Linux client makes an empty file now and then of which it
	// says that it did not, and everybody waits for half a minute.
	smb = system{"SMB", "smb", "3.1.1", []string{"smbd", "mount.cifs", "ss"}, "cache=none"}
)

// Rig is a server and two clients that have its directory mounted.
type Rig struct {
	System  system
	Server  *Guest
	Clients [2]*Guest
	Options string // of the clients' mounts

	witness *Process
	twins   bool // see measureTwins

	dir     string // on this machine; "/mnt/h" in the guests
	hub     *hub
	started int // guests, ever
}

//go:embed testdata/*.sh
var scripts embed.FS

// boot starts the three machines. They are gone when the test ends.
func boot(t *testing.T, s system, options string) *Rig {
	t.Helper()
	return bootAs(t, &Rig{System: s, Options: options})
}

// bootAs is boot of a rig that differs.
func bootAs(t *testing.T, r *Rig) *Rig {
	t.Helper()
	needsRig(t, r.System.serverPrograms...)
	begin := time.Now()
	dir, err := os.MkdirTemp(scratch, "rig")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	must(t, os.Chmod(dir, 0o755))
	r.dir, r.hub = dir, newHub(t, 3)
	r.bring(t, "/proc/self/exe", "netfs.test")
	names, err := scripts.ReadDir("testdata")
	must(t, err)
	for _, n := range names {
		b, err := scripts.ReadFile("testdata/" + n.Name())
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, n.Name()), b, 0o755))
	}
	image := filepath.Join(dir, "image")
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, 128<<20))
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v\n%s", err, out)
	}
	r.Server = &Guest{Name: "srv", addr: 1, rig: r, port: r.hub.ends[0], args: []string{"ubd0=" + image}}
	r.Clients[0] = &Guest{Name: "c1", addr: 2, rig: r, port: r.hub.ends[1]}
	r.Clients[1] = &Guest{Name: "c2", addr: 3, rig: r, port: r.hub.ends[2]}
	t.Cleanup(func() {
		for _, g := range r.machines() {
			g.Crash()
			if t.Failed() {
				t.Logf("console of %s:\n%s", g.Name, g.Console())
			}
		}
	})
	r.Repair(t)
	t.Logf("%s is mounted on both clients after %v", r.System.name, time.Since(begin).Round(10*time.Millisecond))
	return r
}

func (r *Rig) machines() []*Guest { return []*Guest{r.Server, r.Clients[0], r.Clients[1]} }

// bring copies a file of this machine into the directory that the guests see as
// /mnt/h.
func (r *Rig) bring(t *testing.T, from, name string) {
	t.Helper()
	in, err := os.Open(from)
	must(t, err)
	defer in.Close()
	out, err := os.OpenFile(filepath.Join(r.dir, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	must(t, err)
	_, err = io.Copy(out, in)
	must(t, err)
	must(t, out.Close())
}

// Repair starts the machines that are dead, thaws and connects the others, kills
// their processes, and empties the directory: as everything was after boot.
func (r *Rig) Repair(t *testing.T) {
	t.Helper()
	r.raise(t)
	// By a client: what the server does behind their backs they do not expect.
	if p := r.Clients[0].Role(t, "empty", clientDir); p.Wait(t) == 0 {
		return
	} else {
		t.Logf("start all machines again: %s", p.Output())
	}
	for _, g := range r.machines() {
		g.Crash()
	}
	r.raise(t)
	r.Clients[0].Act(t, "empty", clientDir)
}

// raise has all machines run, and be connected.
func (r *Rig) raise(t *testing.T) {
	t.Helper()
	var fresh [3]bool
	for i, g := range r.machines() {
		g.Heal()
		if g.Alive() {
			g.Thaw(t)
			g.quiet(t, r.witness)
			continue
		}
		fresh[i] = true
		g.gone.Wait()
		if i == 2 && fresh[1] && !r.twins {
			r.Clients[0].isUp(t) // see measureTwins
		}
		must(t, g.boot())
	}
	for i, g := range r.machines() {
		if fresh[i] {
			g.isUp(t)
		}
	}
	if fresh[0] {
		r.serve(t)
	}
	for i, c := range r.Clients {
		if fresh[i+1] {
			r.mount(t, c)
		}
	}
}

// RestartServer kills the server, if it lives, and starts it on the same image.
func (r *Rig) RestartServer(t *testing.T) {
	t.Helper()
	r.Server.Crash()
	must(t, r.Server.boot())
	r.Server.isUp(t)
	r.serve(t)
}

// RestartClient starts a client that was killed, and mounts the directory.
func (r *Rig) RestartClient(t *testing.T, c *Guest) {
	t.Helper()
	c.Crash()
	must(t, c.boot())
	c.isUp(t)
	r.mount(t, c)
}

func (r *Rig) serve(t *testing.T) {
	t.Helper()
	r.Server.Run(t, "bash", shared(r.System.script+"-server.sh"))
}

func (r *Rig) mount(t *testing.T, c *Guest) {
	t.Helper()
	c.Run(t, "bash", shared(r.System.script+"-client.sh"), r.System.version, r.Options)
}
