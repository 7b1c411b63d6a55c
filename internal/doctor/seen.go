package doctor

import (
	"context"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

func modOf(info fsys.Info, err error) (int64, error) { return info.ModTime.UnixNano(), err }
func modThere(re reply, err error) (int64, error)    { return re.Mod, err }

// fence makes a file longer, step by step, and looks at its size from the other
// process: what a fence file is.
func (b *bench) fence(ctx context.Context) finding {
	const name = filePrefix + "fence"
	const steps = 5
	f, err := b.makeFile(name)
	if err != nil {
		return failed(err)
	}
	defer f.close()
	for size := int64(2); size <= steps; size++ {
		if err := f.Extend(size); err != nil {
			return failed(err)
		}
		if err := f.Sync(); err != nil {
			return failed(err)
		}
		if info, err := look(b.dir, name); err != nil || info.Size != size {
			return bad("a file was made %d bytes long, and who opens it afresh sees %d (%v)", size, info.Size, err)
		}
	}
	if err := f.Extend(2); err != nil {
		return failed(err)
	}
	if info, err := look(b.dir, name); err != nil || info.Size != steps {
		return bad("a file of %d bytes that was to have at least 2 has %d (%v)", steps, info.Size, err)
	}
	found := b.with(func(s *second) finding {
		re, err := s.ask(ctx, request{Do: "look", Name: name})
		if err != nil || re.Size != steps {
			return bad("a file was made %d bytes long, and the second process sees %d (%v)", steps, re.Size, err)
		}
		if _, err := s.ask(ctx, request{Do: "extend", Name: name, N: 2 * steps}); err != nil {
			return failed(err)
		}
		if info, err := look(b.dir, name); err != nil || info.Size != 2*steps {
			return bad("the second process made a file %d bytes long, and this one sees %d (%v)", 2*steps, info.Size, err)
		}
		return good("a file that grows is seen to grow at once by who opens it afresh, in this process and in another of this host")
	})
	if found.ok == nil {
		return good("a file that grows is seen to grow at once by who opens it afresh; %s", found.detail)
	}
	return found
}

// attributeCache has another process make a file longer and waits until a stat
// of its name shows that. On one host this shows little: there is one cache.
func (b *bench) attributeCache(ctx context.Context) finding {
	const name = filePrefix + "cache"
	f, err := b.makeFile(name)
	if err != nil {
		return failed(err)
	}
	defer f.close()
	return b.with(func(s *second) finding {
		if _, err := b.dir.Lstat(name); err != nil { // so that there is something to be out of date
			return failed(err)
		}
		if _, err := s.ask(ctx, request{Do: "extend", Name: name, N: 9}); err != nil {
			return failed(err)
		}
		for begin := time.Now(); ; {
			info, err := b.dir.Lstat(name)
			took := time.Since(begin)
			switch {
			case err != nil:
				return failed(err)
			case info.Size == 9 && b.class.Local:
				return good("a stat shows what another process did %s later", round(took))
			case info.Size == 9:
				return untried("a stat shows what another process of this host did %s later; what another host did may stay hidden from it for a minute and more, "+
					"which only doctor --peers 2 can show (filelock opens what it looks at)", round(took))
			case took > soon:
				return bad("%s after another process of this host made a file longer, a stat still shows the old size (filelock opens what it looks at)", round(took))
			}
			if err := pause(ctx, time.Millisecond); err != nil {
				return failed(err)
			}
		}
	})
}
