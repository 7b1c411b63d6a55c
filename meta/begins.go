package meta

import (
	"fmt"
	"strings"
)

// A file is torn only if it is the beginning of a record: one that no further
// bytes could make right was not left by a writer that died. So a value that
// has a form, and that the text ends in, is asked whether it can still take it.

// formed reads a string of which begins says whether it is the beginning of
// one that has the form.
func (p *parser) formed(s *string, begins func(string) bool) error {
	err := p.text(s)
	if err == errEnd && !p.canGoOn(*s, begins) {
		return p.wrong("%q cannot be the beginning of its value", Printable(*s))
	}
	return err
}

// canGoOn asks begins about the text so far, and where that ends in half an
// escape, about each character that the escape could still be.
func (s *scanner) canGoOn(text string, begins func(string) bool) bool {
	half := strings.ToLower(string(s.b[s.cut:]))
	if half == "" {
		return begins(text)
	}
	for c := rune('+'); c <= 'f'; c++ { // all that occur in a value that has a form
		if strings.HasPrefix(fmt.Sprintf(`\u%04x`, c), half) && begins(text+string(c)) {
			return true
		}
	}
	return false
}

func beginsUUID(s string) bool {
	const one = "00000000-0000-0000-0000-000000000000"
	return len(s) <= len(one) && isUUID(s+one[len(s):])
}

func beginsDecimal(s string) bool { return s == "" || isDecimal([]byte(s)) }

// beginsTime tries to end the time. Whatever the first digit of a month, day,
// hour, minute or second is, 0 or 1 can be the second one, if any can.
func beginsTime(s string) bool {
	const zeros, ones = "2000-10-10T00:00:00Z", "2000-01-01T01:01:01Z"
	if n := len(s); n < len(zeros) {
		for _, end := range []string{zeros[n:], ones[n:]} {
			if _, ok := parseTime(s + end); ok {
				return true
			}
		}
	}
	for _, end := range []string{"", "Z", "0Z", "+00:00", "-00:00", "00:00", "0:00", ":00", "00", "0"} {
		if _, ok := parseTime(s + end); ok {
			return true
		}
	}
	return false
}
