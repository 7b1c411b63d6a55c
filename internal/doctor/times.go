package doctor

import (
	"context"
	"fmt"
	"time"
)

// slowest is how long it may take until a touch changes a file's time. A lease
// is at least 10 s and is renewed every third of it; FAT keeps times to 2 s.
var slowest = 2500 * time.Millisecond

// timestamps finds the granularity of times: how far apart two touches must be
// for the times of a file to differ.
func (b *bench) timestamps(ctx context.Context) finding {
	f, err := b.makeFile(filePrefix + "times")
	if err != nil {
		return failed(err)
	}
	defer f.close()
	const changes, enough = 10, 100 * time.Millisecond
	touches, seen, step := 0, 0, time.Duration(0)
	for begin := time.Now(); seen <= changes && (seen < 2 || time.Since(begin) < enough); seen++ {
		before, err := look(b.dir, f.name)
		if err != nil {
			return failed(err)
		}
		after := before.ModTime
		n, ok, err := touchUntil(ctx, slowest, f.Touch, func() (bool, error) {
			now, err := look(b.dir, f.name)
			after = now.ModTime
			return !after.Equal(before.ModTime), err
		})
		switch {
		case err != nil:
			return failed(err)
		case !ok:
			return bad("%d touches of an open file within %s did not change its time: nobody could see a lease renewed", n, slowest)
		case seen == 0: // a new file's time need not be from the same clock (NFSv3)
		case after.Before(before.ModTime):
			return bad("a touch set a file's time back by %s: the clock that stamps the files was set, or there are two", before.ModTime.Sub(after))
		default:
			touches += n
			if d := after.Sub(before.ModTime); step == 0 || d < step {
				step = d
			}
		}
	}
	return good("%d touches of an open file changed its time %d times, by %s at least; changes closer together may look like one", touches, seen-1, round(step))
}

// renewal has a file touched through a descriptor in one process and looks at it
// from the other: what the renewal of a lease is.
func (b *bench) renewal(ctx context.Context) finding {
	const name = filePrefix + "lease"
	f, err := b.makeFile(name)
	if err != nil {
		return failed(err)
	}
	defer f.close()
	if err := seenBy(ctx, f.Touch, func() (int64, error) { return modOf(look(b.dir, name)) }); err != nil {
		return bad("a touch through a descriptor, looked at from this process: %v", err)
	}
	found := b.with(func(s *second) finding {
		if err := seenBy(ctx, f.Touch, func() (int64, error) { return modThere(s.ask(ctx, request{Do: "look", Name: name})) }); err != nil {
			return bad("a touch by this process, looked at from the second: %v", err)
		}
		if err := seenBy(ctx, func() error {
			_, err := s.ask(ctx, request{Do: "touch", Name: name})
			return err
		}, func() (int64, error) { return modOf(look(b.dir, name)) }); err != nil {
			return bad("a touch by the second process, looked at from this one: %v", err)
		}
		return good("a touch through a descriptor is seen at once by who opens the file afresh, in this process and in another of this host")
	})
	if found.ok == nil {
		return good("a touch through a descriptor is seen at once by who opens the file afresh; %s", found.detail)
	}
	return found
}

// seenBy touches until the look changes.
func seenBy(ctx context.Context, touch func() error, look func() (int64, error)) error {
	before, err := look()
	if err != nil {
		return err
	}
	n, ok, err := touchUntil(ctx, slowest, touch, func() (bool, error) {
		now, err := look()
		return now != before, err
	})
	if err == nil && !ok {
		err = fmt.Errorf("%d of them within %s were not seen", n, slowest)
	}
	return err
}

// clock compares the clock that stamps the files with this host's.
func (b *bench) clock(ctx context.Context) finding {
	f, err := b.makeFile(filePrefix + "clock")
	if err != nil {
		return failed(err)
	}
	defer f.close()
	const tries = 5
	var offset, within time.Duration
	for i := range tries {
		before := time.Now()
		if err := f.Touch(); err != nil {
			return failed(err)
		}
		after := time.Now()
		info, err := look(b.dir, f.name)
		if err != nil {
			return failed(err)
		}
		if w := after.Sub(before); i == 0 || w < within {
			// Without the monotonic part: it is two wall clocks that are compared.
			within, offset = w, info.ModTime.Sub(before.Add(w/2).Round(0))
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return failed(err)
		}
	}
	const no = "no verdict compares clocks"
	const much = 5 * time.Second
	said := fmt.Sprintf("the clock that stamps the files differs from this host's by %s (to %s, or one step of the times)", round(offset.Abs()), round(within/2))
	if offset.Abs() < 20*time.Millisecond+within {
		said = fmt.Sprintf("the clock that stamps the files agrees with this host's to %s", round(offset.Abs()+within/2))
	}
	if offset.Abs() > much {
		return bad("%s: times of lock files that are shown will be wrong by as much, but %s", said, no)
	}
	return good("%s; %s", said, no)
}
