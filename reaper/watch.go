package reaper

import (
	"fmt"
	"strings"
	"time"

	"github.com/filelock-go/filelock/internal/sights"
	"github.com/filelock-go/filelock/meta"
)

// tornGrace is how long an unfinished file must stay as it is, where no kernel
// testifies, before its creator counts as dead. A creator gives up after half of
// it.
const tornGrace = 30 * time.Second

const (
	// leastReads is how many looks at an unchanged file it takes, the first and
	// the last among them. One may have been answered out of a client's cache.
	leastReads = 3
	// readGap lies at least between two looks that count.
	readGap = 500 * time.Millisecond
)

// margin is what is added to the time that a file must stay unchanged: for two
// clocks that do not run alike (NTP corrects by at most 0.05 %, RFC 5905), and a
// look that was answered out of a cache for a second (SMB, actimeo=1).
func margin(term time.Duration) time.Duration { return 500*time.Millisecond + term/20 }

// watched is what time says about a lock file: what was seen of it from this
// host, by this process and others of this user. An observer compares change,
// never clocks: it does not matter what time the file's stamps say, but that
// they have not changed.
type watched struct {
	term    time.Duration // what it must stay unchanged for; 0: time says nothing about it
	since   time.Duration // how long it is known to have been unchanged
	over    bool          // unchanged for the whole term, and long enough
	renewed bool          // it was seen to change, less than the term ago
}

// observe notes what is seen of the file now, if only time can judge it.
//
// What makes it right: the owner counts his lease from before he began to renew
// it, and an observer from after the change was there to be seen. So when the
// observer's term is over the owner's is, if their clocks run alike.
func (r *Reaper) observe(s *sighting) {
	s.watched = watched{term: s.term()}
	rec := s.content.Record
	switch {
	case s.watched.term == 0:
		return // nothing to watch
	case rec != nil && r.kin(s).gone():
		return // a kernel knows better
	}
	now, print, boot := r.host.Uptime(), s.print(), r.boot()
	last, known := r.host.Sights.Recall(s.path, boot)
	if known && last.Last > now { // not of this clock
		known = false
	}
	if known {
		if flag, seen, _ := strings.Cut(last.Print, " "); seen == print {
			if last.Reads < leastReads && now-last.Last >= readGap {
				last.Reads++
				last.Last = now
				r.host.Sights.Keep(last)
			}
			w := &s.watched
			w.since = now - last.First
			w.over = w.since-margin(w.term) >= w.term && last.Reads >= leastReads // the sum may be too large
			w.renewed = flag == flagRenewed && w.since < w.term
			return
		} else if token, _, _ := strings.Cut(seen, " "); token == s.token() {
			s.watched.renewed = true
		}
	}
	flag := flagFirst
	if s.watched.renewed {
		flag = flagRenewed
	}
	r.host.Sights.Keep(sights.Sight{Key: s.path, Boot: boot, Print: flag + " " + print, First: now, Last: now, Reads: 1})
}

const (
	flagFirst   = "first"   // the acquisition was first seen with these stamps
	flagRenewed = "renewed" // it was seen with others before
)

// boot names the clock that sights are told by. In another time namespace the
// time since boot is another.
func (r *Reaper) boot() string {
	self := r.host.Self()
	if self.BootID == "" {
		return ""
	}
	return self.BootID + "/" + self.TimeNamespace
}

// term is how long the file must stay unchanged for its owner to be without it.
func (s *sighting) term() time.Duration {
	switch {
	case s.content.Record != nil:
		if s.content.Record.Kind == meta.KindFile {
			return 0
		}
		return ms(s.content.Record.LeaseMS)
	case s.content.Class == meta.Torn && !s.class.KernelBacked():
		return tornGrace
	}
	return 0
}

// token names the acquisition, "-" for an unfinished file.
func (s *sighting) token() string {
	if rec := s.content.Record; rec != nil {
		return rec.Token
	}
	return "-"
}

// print is all that changes when the file is renewed. The inode's number tells
// unfinished files apart; of a whole record the token does, and some clients make
// up another number each time (SMB, noserverino).
func (s *sighting) print() string {
	i := &s.info
	p := fmt.Sprintf("%s %d %d %d", s.token(), i.Size, i.ModTime.UnixNano(), i.ChangeTime.UnixNano())
	if s.content.Record == nil {
		p += fmt.Sprintf(" %d", i.Ino)
	}
	return p
}

// says is what time has to say in words.
func (w watched) says() string {
	switch {
	case w.over:
		return fmt.Sprintf("it has not changed for %s, as watched from this host", rounded(w.since))
	case w.renewed:
		return fmt.Sprintf("it was seen to be renewed, and has not changed for %s", rounded(w.since))
	case w.since == 0:
		return "it is watched from now on"
	}
	return fmt.Sprintf("it has not changed for %s, as watched from this host", rounded(w.since))
}

func rounded(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }
