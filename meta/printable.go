package meta

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Printable makes a string from a lock file fit for a terminal or a log: it is
// returned as it is when it is short and has printable characters only, else
// quoted with escapes and cut. Lock files are written by strangers, and a
// terminal obeys control characters.
func Printable(s string) string {
	const most = 200
	long := len(s) > most
	if long {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	clean := utf8.ValidString(s)
	for _, c := range s {
		clean = clean && unicode.IsPrint(c)
	}
	if !clean {
		s = strconv.Quote(s)
	}
	if long {
		s += "..."
	}
	return s
}
