package doctor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// All that is made has a name that begins so: directories in the examined one
// with the first, files in them with the second. Nothing else is ever removed.
const (
	benchPrefix = ".filelock-doctor-"
	filePrefix  = "t-"
)

// ownerFile has the kernel lock of the run that made the directory, for as long
// as it lives.
const ownerFile = filePrefix + "owner"

// errNotDir: what is to be examined is no directory.
var errNotDir error = syscall.ENOTDIR

// bench is the directory in which the experiments are made, and what is to be
// known before.
type bench struct {
	o       Options
	outside string // the directory that is examined, absolute
	path    string // the bench itself
	dir     fsys.Dir
	class   fsys.Class
	owner   fsys.File

	mounted  *fsys.Mount // nil when it is not known
	weakness weakness    // of the mount's options
}

// newBench makes the directory in which everything happens, and clears away
// what dead runs left.
func newBench(dir string, o Options) (*bench, error) {
	abs, err := fsys.Absolute(dir)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, &fs.PathError{Op: "examine", Path: abs, Err: errNotDir}
	}
	class, err := o.FS.At(abs).Class()
	if err != nil {
		return nil, err
	}
	b := benchAt(abs, newID(), o)
	if err := b.make(); err != nil {
		return nil, err
	}
	b.class = class
	b.lookUpMount()
	sweep(b)
	return b, nil
}

// make makes the directory. Its mode keeps other users out: whoever could write
// there could have the findings be anything.
func (b *bench) make() error {
	if err := os.Mkdir(b.path, 0o700); err != nil {
		return err
	}
	owner, err := b.dir.Create(ownerFile, 0o600)
	if err == nil {
		b.owner = owner
		// Where it cannot be had there is the age of what is left, see abandoned.
		_ = owner.TryLock(fsys.Exclusive)
		var line []byte
		if line, err = json.Marshal(self()); err == nil {
			err = owner.Write(line)
		}
	}
	if err != nil {
		return errors.Join(err, b.clear())
	}
	return nil
}

func benchAt(outside, id string, o Options) *bench {
	path := filepath.Join(outside, benchPrefix+id)
	return &bench{o: o, outside: outside, path: path, dir: o.FS.At(path)}
}

func newID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails: it ends the process instead
	return hex.EncodeToString(b[:])
}

// isID: as newID makes them. What comes from a file is believed no further.
func isID(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 8 && strings.ToLower(s) == s
}

// at is the path of one of the bench's files, for what fsys has no call for.
func (b *bench) at(name string) string { return filepath.Join(b.path, name) }

// clear removes the bench with all that is in it.
func (b *bench) clear() error {
	if b.owner != nil {
		_ = b.owner.Close() // it is removed next
		b.owner = nil
	}
	return removeBench(b.path)
}

// clearWithin clears away within d, whatever became of the context of the run.
func clearWithin(d time.Duration, where string, clear func() error) error {
	var err error
	if !bounded(context.Background(), d, func(context.Context) { err = clear() }, nil) {
		return fmt.Errorf("something is left behind in %q: its removal got no answer within %s", where, d)
	}
	return err
}

// removeBench removes a bench's files and then the directory. What is in use
// by another open file may get a new name when it is removed (.nfs*), and a
// partner may be making a file at this moment, so it tries for a while.
func removeBench(path string) (err error) {
	dir := fsys.Real.At(path)
	for tries := range 40 {
		if tries > 0 {
			time.Sleep(50 * time.Millisecond)
		}
		var entries []os.DirEntry
		entries, err = os.ReadDir(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		foreign := ""
		for _, e := range entries {
			switch {
			case (strings.HasPrefix(e.Name(), filePrefix) || fsys.IsAside(e.Name())) && !e.IsDir():
				_ = dir.Unlink(e.Name()) // the directory's removal tells
			case !strings.HasPrefix(e.Name(), ".nfs"):
				foreign = e.Name()
			}
		}
		if foreign != "" {
			return &fs.PathError{Op: "remove", Path: path, Err: fmt.Errorf("there is %q in it, which was not made here", foreign)}
		}
		if err = os.Remove(path); err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	return err
}

// How long a bench must have been there before it may be cleared away: by a
// kernel lock that testifies that its run is dead, and otherwise by age alone,
// far longer than any run takes.
const (
	deadAfter      = time.Minute
	abandonedAfter = 2 * time.Hour
)

// sweep clears away the benches of runs that are over and could not do so. It
// is a service: what goes wrong is left to the next run.
func sweep(own *bench) {
	entries, err := os.ReadDir(own.outside)
	if err != nil {
		return
	}
	now, err := own.owner.Info() // by the clock that stamps the files
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.Name() == meetingFile {
			if old, err := own.o.FS.At(own.outside).Lstat(meetingFile); err == nil && old.Mode.IsRegular() && now.ModTime.Sub(old.ModTime) > abandonedAfter {
				_ = fsys.Remove(own.o.FS.At(own.outside), meetingFile, old.ID)
			}
			continue
		}
		id, ok := strings.CutPrefix(e.Name(), benchPrefix)
		if !ok || !isID(id) || !e.IsDir() {
			continue
		}
		if old := benchAt(own.outside, id, own.o); old.path != own.path && abandoned(old, own.class, now.ModTime) {
			_ = removeBench(old.path)
		}
	}
}

// abandoned says whether the run that made a bench is certain to be over. A run
// of this very kernel that lives has the lock of its owner file. Others' may look
// free from here, as an NFS client's do from the server.
func abandoned(b *bench, class fsys.Class, now time.Time) bool {
	info, err := b.dir.Lstat(".")
	if err != nil || !info.Mode.IsDir() {
		return false
	}
	age := now.Sub(info.ModTime)
	f, err := b.dir.Open(ownerFile, fsys.OpenWrite)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist) && age > abandonedAfter
	}
	defer func() { _ = f.Close() }()
	if t := now.Sub(f.OpenInfo().ModTime); t < age {
		age = t
	}
	if class.KernelBacked() && ours(f) {
		return age > deadAfter && f.TryLock(fsys.Exclusive) == nil
	}
	return age > abandonedAfter
}

// ours says whether an owner file was written under this kernel.
func ours(f fsys.File) bool {
	var owner greeting
	text, err := f.Read(mostMail)
	return err == nil && json.Unmarshal(text, &owner) == nil && owner.Boot != "" && owner.Boot == self().Boot
}
