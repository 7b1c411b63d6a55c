package main

import (
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// visible replaces what a terminal would obey, or what would pretend to be
// another line, by escapes: paths and lock files are written by strangers.
func visible(s string) string {
	if isVisible(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteString(s[i : i+n])
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
		i += n
	}
	return b.String()
}

func isVisible(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// plainPaths writes paths of Windows that are quoted in a message with single
// backslashes, as their users do.
func plainPaths(s string) string {
	// As %q does it. There are no quotes in such paths.
	quoted := regexp.MustCompile(`"(?:[A-Za-z]:|\\\\)\\\\(?:[^"\\]|\\.)*"`)
	return quoted.ReplaceAllStringFunc(s, func(q string) string {
		path, err := strconv.Unquote(q)
		if err != nil {
			return q
		}
		return `"` + path + `"`
	})
}

// shell quotes s as one word for sh, in printable characters only; "" when
// that cannot be done (a command substitution loses newlines at the end).
func shell(s string) string {
	if runtime.GOOS == "windows" {
		return forAnyShell(s)
	}
	return forSh(s)
}

// forAnyShell is forSh in a form that is, if there is one, the same word for
// cmd.exe and PowerShell. No shell takes a part of it for a command, whatever it
// is.
func forAnyShell(s string) string {
	const singleQuotes, doubleQuotes = "'‘’‚‛", "\"“”„" // of PowerShell
	plain := s != ""
	for _, r := range s {
		plain = plain && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:=", r))
	}
	switch {
	case plain:
		return s
	case !isVisible(s):
	case !strings.ContainsAny(s, doubleQuotes+"$`!%") && !strings.Contains(s, `\\`) && !strings.HasSuffix(s, `\`):
		return `"` + s + `"`
	case !strings.ContainsAny(s, singleQuotes+doubleQuotes+"&|<>^"):
		return "'" + s + "'"
	}
	return printed(s)
}

func forSh(s string) string {
	plain := s != ""
	for _, r := range s {
		plain = plain && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,:@%^=", r))
	}
	if plain {
		return s
	}
	if isVisible(s) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return printed(s)
}

// printed has printf(1) make s of letters and numbers.
func printed(s string) string {
	if strings.HasSuffix(s, "\n") {
		return ""
	}
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '/' || c == '.' || c == '_' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return `"$(printf '` + b.String() + `')"`
}

// words quotes a command line for sh; "" when that cannot be done.
func words(args []string) string {
	quoted := make([]string, len(args))
	for i, w := range args {
		if quoted[i] = shell(w); quoted[i] == "" {
			return ""
		}
	}
	return strings.Join(quoted, " ")
}

// since says when, and how long ago by this host's clock.
func since(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("since %s (%s)", t.Local().Format("2006-01-02 15:04:05"), age(now.Sub(t)))
}

// age is a duration in one unit, for people.
func age(d time.Duration) string {
	switch {
	case d < 0:
		return "in the future"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}
