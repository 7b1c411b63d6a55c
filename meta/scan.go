package meta

import (
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// errEnd says that the text is right so far but ends too early.
var errEnd = errors.New("ends in the middle")

// scanner reads JSON, one token at a time. It tells text that is wrong from
// text that ends too early, which encoding/json does not, and does not recurse.
type scanner struct {
	b     []byte
	i     int
	plain bool // after str: it had no escapes
	cut   int  // after errEnd of str: where the half of an escape or character begins that the text ends in
}

func (s *scanner) wrong(format string, args ...any) error {
	return fmt.Errorf("at byte %d: %s", s.i, fmt.Sprintf(format, args...))
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

// next is the first byte of the next token, which is not consumed.
func (s *scanner) next() (byte, error) {
	s.space()
	if s.i == len(s.b) {
		return 0, errEnd
	}
	return s.b[s.i], nil
}

// take consumes the next token, which must be the byte c.
func (s *scanner) take(c byte) error {
	got, err := s.next()
	if err != nil {
		return err
	}
	if got != c {
		return s.wrong("%q where %q is due", got, c)
	}
	s.i++
	return nil
}

// plainText are the bytes of a string that stand for themselves.
var plainText = func() (is [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		is[c] = c != '"' && c != '\\'
	}
	return is
}()

// str reads a string. The result may be part of the text itself. An escaped
// half of a surrogate pair is U+FFFD, as with encoding/json. With errEnd, the
// result is as much of the string as is there.
func (s *scanner) str() ([]byte, error) {
	s.cut = len(s.b)
	if err := s.take('"'); err != nil {
		return nil, err
	}
	start, out := s.i, []byte(nil)
	for {
		i := s.i // in a register
		for i < len(s.b) && plainText[s.b[i]] {
			i++
		}
		if s.i = i; i == len(s.b) {
			break
		}
		c := s.b[s.i]
		switch {
		case c == '"':
			text := s.b[start:s.i]
			s.i++
			s.plain = out == nil
			if out != nil {
				text = append(out, text...)
			}
			return text, nil
		case c < ' ':
			return nil, s.wrong("control character %#02x in a string", c)
		case c == '\\':
			if out == nil {
				out = []byte{}
			}
			out = append(out, s.b[start:s.i]...)
			begin := s.i
			r, err := s.escape()
			if err != nil {
				s.cut = begin
				return out, err
			}
			out = utf8.AppendRune(out, r)
			start = s.i
		default:
			r, n := utf8.DecodeRune(s.b[s.i:])
			if r == utf8.RuneError && n == 1 {
				if !utf8.FullRune(s.b[s.i:]) {
					s.cut = s.i
					return append(out, s.b[start:s.i]...), errEnd
				}
				return nil, s.wrong("invalid UTF-8")
			}
			s.i += n
		}
	}
	return append(out, s.b[start:]...), errEnd
}

func (s *scanner) escape() (rune, error) {
	if s.i+1 == len(s.b) {
		return 0, errEnd
	}
	s.i += 2
	switch c := s.b[s.i-1]; c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		r, err := s.hex4()
		if err != nil || !utf16.IsSurrogate(r) {
			return r, err
		}
		return s.secondHalf(r)
	default:
		return 0, s.wrong("unknown escape: %q after a backslash", c)
	}
}

// secondHalf completes a surrogate pair. What follows without completing it is
// left to be read on its own.
func (s *scanner) secondHalf(first rune) (rune, error) {
	if s.i+1 >= len(s.b) || s.b[s.i] != '\\' || s.b[s.i+1] != 'u' {
		return utf8.RuneError, nil // an early end is met by whoever reads on
	}
	back := s.i
	s.i += 2
	second, err := s.hex4()
	if err != nil {
		return 0, err
	}
	r := utf16.DecodeRune(first, second)
	if r == utf8.RuneError {
		s.i = back
	}
	return r, nil
}

func (s *scanner) hex4() (rune, error) {
	var r rune
	for range 4 {
		if s.i == len(s.b) {
			return 0, errEnd
		}
		c := s.b[s.i]
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, s.wrong("%q in a \\u escape", c)
		}
		s.i++
	}
	return r, nil
}

// word reads true, false or null.
func (s *scanner) word(w string) error {
	for n := range len(w) {
		if s.i == len(s.b) {
			return errEnd
		}
		if s.b[s.i] != w[n] {
			return s.wrong("%q where %s is due", s.b[s.i], w)
		}
		s.i++
	}
	return nil
}

// digits reads at least one digit. No number can be the last thing in a
// record, so one that the text ends in is not known to be complete.
func (s *scanner) digits() error {
	start := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	switch {
	case s.i == len(s.b):
		return errEnd
	case s.i == start:
		return s.wrong("%q where a digit is due", s.b[s.i])
	}
	return nil
}

// positive reads an integer from 1 to most: no fraction, no exponent.
func (s *scanner) positive(most uint64) (uint64, error) {
	if c, err := s.next(); err != nil {
		return 0, err
	} else if c == '0' { // also where the text ends: nothing that could follow makes it right
		return 0, s.wrong("0 where a positive number is due")
	}
	start := s.i
	end := s.digits()
	if end != nil && end != errEnd {
		return 0, end
	}
	var n uint64
	for _, c := range s.b[start:s.i] {
		d := uint64(c - '0')
		if n > (most-d)/10 {
			return 0, s.wrong("a number beyond %d", most)
		}
		n = n*10 + d
	}
	return n, end
}

func (s *scanner) number() error {
	if s.b[s.i] == '-' {
		s.i++
	}
	if s.i < len(s.b) && s.b[s.i] == '0' {
		s.i++
	} else if err := s.digits(); err != nil {
		return err
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		s.i++
		if err := s.digits(); err != nil {
			return err
		}
	}
	if s.i < len(s.b) && (s.b[s.i] == 'e' || s.b[s.i] == 'E') {
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		if err := s.digits(); err != nil {
			return err
		}
	}
	return nil
}
