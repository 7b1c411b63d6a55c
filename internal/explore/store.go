package explore

// hashSet maps the hash of a state to its number.
type hashSet struct {
	slots []slot
	n     int
}

type slot struct {
	hash uint64
	n    uint32
}

// add gives the number that the hash has, or gives it n. The hash 0 stands for
// an empty slot and is taken for 1.
func (h *hashSet) add(hash uint64, n uint32) (number uint32, known bool) {
	if hash == 0 {
		hash = 1
	}
	if 4*h.n >= 3*len(h.slots) {
		h.grow()
	}
	mask := uint64(len(h.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		switch h.slots[i].hash {
		case hash:
			return h.slots[i].n, true
		case 0:
			h.slots[i] = slot{hash, n}
			h.n++
			return n, false
		}
	}
}

func (h *hashSet) grow() {
	old := h.slots
	h.slots = make([]slot, max(1<<12, 2*len(old)))
	mask := uint64(len(h.slots) - 1)
	for _, s := range old {
		if s.hash == 0 {
			continue
		}
		i := s.hash & mask
		for h.slots[i].hash != 0 {
			i = (i + 1) & mask
		}
		h.slots[i] = s
	}
}

// arena holds keys, each of less than 256 bytes, in the order in which they came.
type arena struct {
	chunks [][]byte
	n      int
}

const chunkSize = 1 << 20

func (a *arena) reset() { *a = arena{} }

func (a *arena) add(key []byte) {
	last := len(a.chunks) - 1
	if last < 0 || len(a.chunks[last])+len(key)+1 > chunkSize {
		a.chunks = append(a.chunks, make([]byte, 0, chunkSize))
		last++
	}
	if len(key) > 255 {
		panic("explore: a state takes more than 255 bytes")
	}
	a.chunks[last] = append(append(a.chunks[last], byte(len(key))), key...)
	a.n++
}

// all yields the keys, and lets go of each chunk when it is through.
func (a *arena) all(yield func([]byte) bool) {
	for i, c := range a.chunks {
		for len(c) > 0 {
			n := int(c[0])
			if !yield(c[1 : 1+n]) {
				return
			}
			c = c[1+n:]
		}
		a.chunks[i] = nil
	}
}
