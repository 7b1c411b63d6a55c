package explore

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/simfs"
	"github.com/filelock-go/filelock/meta"
)

const (
	fsType    = "ext4"
	device    = 7
	inodeBase = 100 // inode numbers are of one length, so that records are
	pidBase   = 1000
)

// shown is a record with the numbers that somebody is to see.
type shown struct {
	rec   int // token and instance
	pid   int
	inode int
	attr  Attr
}

func tokenOf(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func identity(pid int, pidNamespace string) meta.Identity {
	return meta.Identity{
		PID: pid, Hostname: "host", Instance: fmt.Sprintf("%032d", pid), Start: startOf(pid),
		BootID: "boot", MachineID: "machine", PIDNamespace: pidNamespace, TimeNamespace: "1",
	}
}

// The PID namespaces: that of the process itself, and any other.
const (
	here      = "1"
	elsewhere = "2"
)

func attrOf(r *meta.Record) (a Attr) {
	if r.Kind == meta.KindFile {
		a |= Hard
	}
	if r.KernelLock {
		a |= Kernel
	}
	if r.OnBehalf {
		a |= Behalf
	}
	return a
}

func (s shown) bytes() []byte {
	r := meta.Record{Format: meta.Format, Kind: meta.KindSoft, Token: tokenOf(s.rec), Created: epoch}
	ns := here
	if s.attr&Stranger != 0 {
		ns = elsewhere
	}
	r.SetOwner(identity(s.pid, ns))
	if s.attr&Hard != 0 {
		r.Kind = meta.KindFile
	}
	r.OnBehalf = s.attr&Behalf != 0
	if s.attr&Kernel != 0 {
		r.KernelLock, r.Inode, r.Filesystem, r.Device = true, strconv.Itoa(inodeBase+s.inode), fsType, strconv.Itoa(device)
	}
	b, err := r.Encode()
	if err != nil {
		panic(err)
	}
	if s.attr&Hard != 0 {
		if n := len(b) % 64; n != 0 {
			b = append(append(b[:len(b)-1], bytes.Repeat([]byte{' '}, 64-n)...), '\n')
		}
	}
	return b
}

var (
	tornBytes  = shown{rec: 1, pid: pidBase, attr: Kernel}.bytes()[:40]
	mixedBytes = append(shown{rec: 1, pid: pidBase, attr: Hard}.bytes()[:200], `"]}`+"\n"...)
	hardSize   = int64(len(shown{rec: 1, pid: pidBase, attr: Hard}.bytes()))
)

// contents are the bytes of what is no whole record.
func contents(f simfs.Form) []byte {
	switch f {
	case simfs.Torn:
		return tornBytes
	case simfs.Mixed:
		return mixedBytes
	}
	return nil
}

func infoOf(inode int, s Size) fsys.Info {
	i := fsys.Info{ID: fsys.ID{Dev: device, Ino: uint64(inodeBase + inode)}, Mode: 0o644, Links: 1, ModTime: epoch, ChangeTime: epoch}
	switch s {
	case SizeOurs:
		i.Size = hardSize
	case SizeOther:
		i.Size = hardSize
		i.ModTime = epoch.Add(time.Hour)
	}
	return i
}
