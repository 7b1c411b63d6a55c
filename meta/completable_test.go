package meta_test

import (
	"strings"
	"testing"

	"github.com/filelock-go/filelock/meta"
)

// wantCompletable looks for bytes that make a record of a torn text. It knows
// nothing of where the text ends: it tries to end the character, the escape,
// the value, the member in each way there is, and then closes what is open.
func wantCompletable(t *testing.T, b []byte) {
	t.Helper()
	text := string(b)
	if strings.HasPrefix(beginning, text) {
		text = beginning
	}
	for _, character := range characters {
		for _, value := range values {
			if completed(text + character + value) {
				return
			}
		}
	}
	t.Fatalf("%q is torn, but nothing is found that would make it whole", b)
}

func completed(s string) bool {
	if c := meta.Parse([]byte(s)).Class; c == meta.Malformed {
		return false
	}
	s += closing(s)
	for _, member := range []string{`"token":"` + token + `"`, `"pid":1`, `"hostname":"h"`, created} {
		for _, with := range []string{"," + member, member} { // the text may end in a comma
			if meta.Parse([]byte(s+with)).Class == meta.Torn {
				s += with
				break
			}
		}
	}
	return meta.Parse([]byte(s+"}")).Class == meta.Complete || meta.Parse([]byte(s+`"z":0}`)).Class == meta.Complete
}

// closing are the brackets and the quote that are due, but for the record's own.
func closing(s string) string {
	var due []byte
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			due = append(due, '}')
		case c == '[':
			due = append(due, ']')
		case (c == '}' || c == ']') && len(due) > 0:
			due = due[:len(due)-1]
		}
	}
	end := ""
	if quoted {
		end = `"`
	}
	for i := len(due) - 1; i > 0; i-- {
		end += string(due[i])
	}
	return end
}

// characters end half a character, or half an escape: any, and those that a
// token or a time may need.
var characters = []string{"", "\x80", "\x80\x80", "\x80\x80\x80", "\xa0\x80", "\x90\x80\x80", `\`, `n`, `"`, "u0030", "0030", "030", "30", "0", "u0031", "0031", "031", "31", "1",
	"u002d", "002d", "02d", "2d", "d", "u003a", "003a", "03a", "3a", "a", "u0054", "0054", "054", "54", "4", "u005a", "005a", "05a", "5a", "u002e", "002e", "02e", "2e", "e"}

// values end half a value or member, or are one.
var values = func() []string {
	list := []string{"", `"`, "0", `0"`, ":0", `":0`, `zqz":0`, `"x"`, `:""`, `":""`, `"zqz":0`, `"zqz":""`, ":" + `"` + token + `"`, `":"` + token + `"`, `"` + token + `"`,
		`"0"`, ":1", `":1`, "1", ":true", `":true`, `:{}`, `":{}`, "{}", `:"0"`, `":"0"`, `:"2025-01-01T00:00:00Z"`, `":"2025-01-01T00:00:00Z"`, `"2025-01-01T00:00:00Z"`,
		"true", "rue", "ue", "e", "alse", "lse", "se", "ull", "ll", "l", "e0", `"zqz":"0"`, `zqz":""`, `,"zqz":0`}
	const uuid, one, ten = "00000000-0000-0000-0000-000000000000", "2000-01-01T01:01:01Z", "2000-10-10T10:10:10Z"
	for n := range uuid {
		list = append(list, uuid[n:]+`"`)
	}
	for n := range one {
		list = append(list, one[n:]+`"`, ten[n:]+`"`)
	}
	for _, s := range []string{"0Z", "+00:00", "-00:00", "00:00", "0:00", ":00", "00"} {
		list = append(list, s+`"`)
	}
	return list
}()
