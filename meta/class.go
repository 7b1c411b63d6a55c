package meta

import "strconv"

// String is for people and tests.
func (c Class) String() string {
	return name(int(c), "malformed", "complete", "torn", "newer", "foreign")
}

// String is for people and tests.
func (s State) String() string {
	return name(int(s), "unknown", "running", "exited", "gone")
}

func name(i int, names ...string) string {
	if i < 0 || i >= len(names) {
		return strconv.Itoa(i)
	}
	return names[i]
}
