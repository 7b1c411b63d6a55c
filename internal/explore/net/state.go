package net

// levels is how many names there are: the lock and its guards. A search that
// needs more panics.
const (
	levels = 8
	files  = 24 // numbered from 1; 0 is none
	slots  = 12 // files that one process has in mind
)

// form is what the bytes of a file are.
type form uint8

const (
	empty form = iota
	half       // the beginning of a record
	whole
)

// kind is what is known of a record besides its owner.
type kind uint8

const (
	leased kind = iota
	endless
	behalf // of a shell
	guard
)

// file is a file, from its creation until nobody has it in mind.
type file struct {
	owner   uint8
	form    form
	age     uint8 // 0 young, 1 more than half, 2 all of the lease or grace is over
	kind    kind
	touched bool // its times were changed since the record was written
	late    bool // its record was written when the grace was over
	serial  uint16
	gone    bool // the shell for which it was made has ended
}

// actor is a process at one moment.
type actor struct {
	node   int32 // -1: it has ended
	rounds uint8
	dead   bool         // it was killed
	slots  [slots]uint8 // the files that its program has in mind
}

// state is everything at one moment.
type state struct {
	name                           [levels]uint8 // the file that it means
	file                           [files]file
	act                            [most + 1]actor
	crashes, pauses, losses, stale uint8
	spent                          bool   // one of these was used
	serials                        uint16 // no part of what tells states apart
	fence, fenced                  uint8  // its size, and what the last owner was given
}

// fresh is the number of a new file.
func (s *state) fresh() uint8 {
	var used [files]bool
	s.eachUse(func(i *uint8) { used[*i] = true })
	for i := uint8(1); i < files; i++ {
		if !used[i] {
			return i
		}
	}
	panic("net: there are no file numbers left")
}

// eachUse calls f for every place where a file is named.
func (s *state) eachUse(f func(*uint8)) {
	for l := range s.name {
		if s.name[l] != 0 {
			f(&s.name[l])
		}
	}
	for p := range s.act {
		for i := range s.act[p].slots {
			if s.act[p].slots[i] != 0 {
				f(&s.act[p].slots[i])
			}
		}
	}
}

// tidy numbers the files in the order in which they are named, and forgets the
// others and what does not matter of those.
func (x *stepper) tidy(s *state) {
	var now [files]uint8
	var kept [files]file
	n := uint8(0)
	s.eachUse(func(i *uint8) {
		if now[*i] == 0 {
			n++
			now[*i] = n
			kept[n] = s.file[*i]
			if f := &kept[n]; f.age != 0 && !x.live(s, *i) && s.slotOf(int(f.owner), *i) < 0 {
				f.age = 0 // whoever looks at what is given up decides anew
			}
		}
	})
	s.eachUse(func(i *uint8) { *i = now[*i] })
	s.file = kept
}

// slotOf is where a process has a file in mind, or -1.
func (s *state) slotOf(p int, t uint8) int {
	for i, u := range s.act[p].slots {
		if u == t {
			return i
		}
	}
	return -1
}

// ended: the process is not there any more.
func (s *state) ended(p int) bool { return s.act[p].node < 0 }

// swap makes two processes change places.
func (s *state) swap(p, q int) {
	s.act[p], s.act[q] = s.act[q], s.act[p]
	for i := range s.file {
		switch s.file[i].owner {
		case uint8(p):
			s.file[i].owner = uint8(q)
		case uint8(q):
			s.file[i].owner = uint8(p)
		}
	}
}
