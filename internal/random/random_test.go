package random

import (
	"bytes"
	"testing"
)

// The first reads come from elsewhere than those that follow.
func TestEveryReadFillsAllOfItAndWithSomethingElse(t *testing.T) {
	Read(nil)
	seen := map[string]bool{}
	for n := range 20 {
		b := make([]byte, 64)
		Read(b)
		// 8 zero bytes in a row by chance: once in 10¹⁷ times.
		if bytes.Contains(b, make([]byte, 8)) {
			t.Errorf("read %d is not filled: %x", n, b)
		}
		if seen[string(b[:16])] {
			t.Errorf("read %d was there before: %x", n, b)
		}
		seen[string(b[:16])] = true
	}
}
