package explore

import (
	"errors"
	"io/fs"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/simfs"
	"github.com/filelock-go/filelock/meta"
)

// aside takes a lock as other libraries do that break the locks of the dead:
// whoever finds a dead owner's file renames it to a name of its own, checks
// that this is the file that was judged, removes it, and links it back if it
// is not. It is here as a sample of what the search finds.
func (p *process) aside() {
	dir := toldDir{p}
	f, err := dir.Create(lockName, 0)
	switch {
	case err == nil:
		p.owns(f)
		return
	case !errors.Is(err, fs.ErrExist):
		p.again()
	}
	judged := p.reads(dir)
	if judged == nil || p.Look(judged.PID).State != meta.Gone {
		p.again()
	}
	if p.ask(Op{Call: MoveAside}).outcome != OK {
		p.again()
	}
	// The descriptor stands for a look at the file under its new name.
	data := p.ask(Op{Call: Read, FD: movedFile}).data
	if is := meta.Parse(data).Record; is != nil && is.Token == judged.Token {
		p.ask(Op{Call: Drop})
	} else {
		p.ask(Op{Call: MoveBack})
	}
	p.again()
}

// owns writes the record and has the lock until the file is removed.
func (p *process) owns(f fsys.File) {
	r := meta.Record{Kind: meta.KindSoft, Token: p.NewToken(), Created: epoch}
	r.SetOwner(p.Self())
	r.OnBehalf = true // there is no kernel lock
	b, err := r.Encode()
	if err != nil {
		panic(err)
	}
	if f.Write(b) != nil || f.Close() != nil {
		p.again()
	}
	p.say(Event{What: Entered, Mode: simfs.Exclusive, Rec: p.world.record(r.Token)})
	p.say(Event{What: Leaving})
	_ = toldDir{p}.Unlink(lockName)
	p.stop()
}

// reads is the record in the lock file, nil if there is none.
func (p *process) reads(dir toldDir) *meta.Record {
	f, err := dir.Open(lockName, fsys.OpenRead)
	if err != nil {
		p.again()
	}
	b, err := f.Read(meta.MaxSize + 1)
	if cerr := f.Close(); err != nil || cerr != nil {
		p.again()
	}
	return meta.Parse(b).Record
}
