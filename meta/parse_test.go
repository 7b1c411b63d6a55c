package meta_test

import (
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/filelock-go/filelock/meta"
)

const beginning = `{"format":"filelock/1"`

// head is a record with the required keys, but for its closing brace.
const head = beginning + `,"token":"` + token + `","pid":1,"hostname":"h","created":"2025-01-01T00:00:00Z"`

const created = `"created":"2025-01-01T00:00:00Z"`

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// without is head without one of its members.
func without(member string) string {
	if !strings.Contains(head, member) {
		panic(member)
	}
	return strings.Replace(head, ","+member, "", 1)
}

func with(member, instead string) string { return without(member) + "," + instead + "}" }

func TestEveryStrictPrefixOfARecordIsTorn(t *testing.T) {
	for _, r := range []meta.Record{full(), least()} {
		b := encode(t, r)
		for n := range len(b) {
			want := meta.Torn
			if n == len(b)-1 { // but for the newline
				want = meta.Complete
			}
			if c := meta.Parse(b[:n]); c.Class != want {
				t.Fatalf("the first %d bytes, %q, are %v (%s), want %v", n, b[:n], c.Class, c.Reason, want)
			}
		}
	}
}

func TestContentsAreClassified(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       meta.Class
	}{
		{"required keys only", head + "}", meta.Complete},
		{"white space", beginning + " ,\n\t\"token\" :\r\"" + token + `" , "pid" : 1 , "hostname" : "" , "created":"2025-01-01T00:00:00Z" } ` + "\r\n\n", meta.Complete},
		{"an escaped key is that key", with(`"pid":1`, `"p\u0069d":7`), meta.Complete},
		{"unknown keys", head + `,"x":1,"PID":"other","":{"":[{},[],-0.5e-7,true,false,null]}}`, meta.Complete},
		{"unknown kind", head + `,"kind":"other"}`, meta.Complete},
		{"half a surrogate pair", head + `,"note":"\ud800\ud800\udc00\udc00"}`, meta.Complete},
		{"empty labels", head + `,"labels":{}}`, meta.Complete},
		{"false", head + `,"on_behalf":false,"kernel_lock":false}`, meta.Complete},
		{"another zone", with(`"created":"2025-01-01T00:00:00Z"`, `"created":"2025-01-01T00:00:00.123456789+05:30"`), meta.Complete},
		{"nested as deep as allowed", head + `,"x":` + nested(100) + `}`, meta.Complete},

		{"nothing", "", meta.Torn},
		{"a brace", "{", meta.Torn},
		{"half a version", `{"format":"filelock/1`, meta.Torn},
		{"no version", `{"format":"filelock/`, meta.Torn},
		{"the version only", beginning, meta.Torn},
		{"half a character", head + ",\"note\":\"\xe2\x82", meta.Torn},
		{"half an escape", head + `,"note":"\ud83d\ude`, meta.Torn},
		{"half a pair", head + `,"note":"\ud83d\`, meta.Torn},
		{"half a number", without(`"pid":1`) + `,"pid":1`, meta.Torn},
		{"half a word", head + `,"on_behalf":tr`, meta.Torn},
		{"half a nesting", head + `,"x":[[[{"a":[`, meta.Torn},
		{"unfinished exponent", head + `,"x":-1.5e+`, meta.Torn},
		{"trailing space before the end", head + "  \n", meta.Torn},

		{"version 2", `{"format":"filelock/2","anything":`, meta.Newer},
		{"version 2, torn behind it", `{"format":"filelock/2"`, meta.Newer},
		{"version 999999", `{"format":"filelock/999999"` + "\x00\xff", meta.Newer},
		{"version 2, larger than ours", `{"format":"filelock/2"` + strings.Repeat(" ", meta.MaxSize), meta.Newer},

		{"version 2, torn in it", `{"format":"filelock/2`, meta.Malformed},
		{"version 0", `{"format":"filelock/0"}`, meta.Malformed},
		{"version 01", `{"format":"filelock/01"}`, meta.Malformed},
		{"version 02", `{"format":"filelock/02"}`, meta.Malformed},
		{"version of 7 digits", `{"format":"filelock/1000000"}`, meta.Malformed},
		{"version 1.1", `{"format":"filelock/1.1"}`, meta.Malformed},
		{"no version digits", `{"format":"filelock/"}`, meta.Malformed},
		{"another format", `{"format":"flock/1"}`, meta.Malformed},
		{"format not first", `{"token":"` + token + `","format":"filelock/1","pid":1,"hostname":"h","created":"2025-01-01T00:00:00Z"}`, meta.Malformed},
		{"format spaced", strings.Replace(head, ":", ": ", 1) + "}", meta.Malformed},
		{"leading space", " " + head + "}", meta.Malformed},
		{"byte order mark", "\ufeff" + head + "}", meta.Malformed},
		{"no object", "[1]", meta.Malformed},
		{"text", "hello\n", meta.Malformed},
		{"zeroes", strings.Repeat("\x00", 300), meta.Malformed},
		{"zeroes after the start", head + "\x00\x00", meta.Malformed},
		{"too large", head + `,"note":"` + strings.Repeat("x", meta.MaxSize) + `"}`, meta.Malformed},
		{"torn and too large to end", head + `,"note":"` + strings.Repeat("x", meta.MaxSize-1-len(head)-len(`,"note":"`)), meta.Malformed},
		{"white space until it is too large", head + "}" + strings.Repeat("\n", meta.MaxSize), meta.Malformed},
		{"too large with its newline", head + `,"note":"` + strings.Repeat("x", meta.MaxSize-len(head)-len(`,"note":""}`)) + `"}`, meta.Malformed},
		{"an unknown key twice", head + `,"x":1,"x":1}`, meta.Malformed},
		{"an unknown key twice, once escaped", head + `,"x":1,"\u0078":1}`, meta.Malformed},
		{"something follows", head + "}x", meta.Malformed},
		{"another record follows", head + "}\n" + head + "}\n", meta.Malformed},
		{"a zero byte follows", head + "}\x00", meta.Malformed},
		{"trailing comma", head + ",}", meta.Malformed},
		{"no comma", head + ` "x":1}`, meta.Malformed},
		{"two commas", head + `,,"x":1}`, meta.Malformed},
		{"no colon", head + `,"x"1}`, meta.Malformed},
		{"key without quotes", head + `,x:1}`, meta.Malformed},
		{"comment", head + `/* */}`, meta.Malformed},
		{"invalid UTF-8", head + ",\"note\":\"\xff\"}", meta.Malformed},
		{"invalid UTF-8 before the end", head + ",\"note\":\"\xe2\x82x", meta.Malformed},
		{"invalid UTF-8 in a key", head + ",\"\xc0\x80\":1}", meta.Malformed},
		{"invalid UTF-8 in an unknown value", head + ",\"x\":[\"\xff\"]}", meta.Malformed},
		{"control character", head + ",\"note\":\"a\nb\"}", meta.Malformed},
		{"unknown escape", head + `,"note":"\x41"}`, meta.Malformed},
		{"unknown escape, of what a terminal obeys", head + `,"note":"` + "\\\x1b[2J" + `"}`, meta.Malformed},
		{"bad hex", head + `,"note":"\u00g0"}`, meta.Malformed},
		{"bad hex in the second half", head + `,"note":"\ud83d\ude0g"}`, meta.Malformed},
		{"nested too deep", head + `,"x":` + nested(101) + `}`, meta.Malformed},
		{"nested 100000 deep", head + `,"x":` + nested(100_000) + `}`, meta.Malformed},
		{"torn when nested too deep", head + `,"x":` + strings.Repeat("[", 8000), meta.Malformed},
		{"torn, nested objects", head + `,"x":` + strings.Repeat(`{"":`, 3000), meta.Malformed},
		{"only nested", strings.Repeat("[", 100_000), meta.Malformed},
		{"wrong bracket", head + `,"x":[}}`, meta.Malformed},
		{"wrong closing bracket", head + `,"x":{"a":1]}`, meta.Malformed},
		{"leading zero in an unknown value", head + `,"x":01}`, meta.Malformed},
		{"plus", head + `,"x":+1}`, meta.Malformed},
		{"no digit after the point", head + `,"x":1.}`, meta.Malformed},
		{"no exponent", head + `,"x":1e}`, meta.Malformed},
		{"bare minus", head + `,"x":-}`, meta.Malformed},
		{"NaN", head + `,"x":NaN}`, meta.Malformed},
		{"word misspelt", head + `,"x":nul}`, meta.Malformed},

		{"wrong type before a torn end", with(`"pid":1`, `"pid":"1"`) + `,"no`, meta.Malformed},
		{"bad token before a torn end", beginning + `,"token":"x",`, meta.Malformed},

		// What ends in a value that has a form is torn only if the value can
		// still take it.
		{"half a token", beginning + `,"token":"0190f6a2-7`, meta.Torn},
		{"a token without its quote", beginning + `,"token":"` + token, meta.Torn},
		{"half an escape in a token", beginning + `,"token":"0190f6a2\u002`, meta.Torn},
		{"no token", beginning + `,"token":"0190f6a2x`, meta.Malformed},
		{"a token in upper case", beginning + `,"token":"0190F`, meta.Malformed},
		{"a token too long", beginning + `,"token":"` + token + `0`, meta.Malformed},
		{"half an escape where a token ends", beginning + `,"token":"` + token + `\`, meta.Malformed},
		{"half an escape that is none of a token", beginning + `,"token":"0190\u1`, meta.Malformed},
		{"half a character in a token", beginning + ",\"token\":\"0190\xc3", meta.Malformed},
		{"half a decimal", head + `,"start":"12`, meta.Torn},
		{"no decimal yet", head + `,"start":"`, meta.Torn},
		{"no decimal", head + `,"start":"12x`, meta.Malformed},
		{"a decimal too long", head + `,"inode":"123456789012345678901`, meta.Malformed},
		{"half a month", without(created) + `,"created":"2025-1`, meta.Torn},
		{"half a last day", without(created) + `,"created":"2025-04-3`, meta.Torn},
		{"half a fraction", without(created) + `,"created":"2025-12-31T23:59:59.`, meta.Torn},
		{"half a zone", without(created) + `,"created":"2025-12-31T23:59:59+2`, meta.Torn},
		{"a zone without its quote", without(created) + `,"created":"2025-12-31T23:59:59.5+05:30`, meta.Torn},
		{"a month too late", without(created) + `,"created":"2025-13`, meta.Malformed},
		{"a day that February has not", without(created) + `,"created":"2025-02-3`, meta.Malformed},
		{"no time", without(created) + `,"created":"yester`, meta.Malformed},
		{"a time too late in UTC", without(created) + `,"created":"9999-12-31T23:59:59-01`, meta.Malformed},
		{"pid 0 before a torn end", without(`"pid":1`) + `,"pid":0`, meta.Malformed},
		{"lease 0 before a torn end", head + `,"lease_ms":0`, meta.Malformed},
		{"twice before a torn end", head + `,"pid":`, meta.Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := meta.Parse([]byte(c.text))
			if got.Class != c.want {
				t.Fatalf("%.300q is %v (%s), want %v", c.text, got.Class, got.Reason, c.want)
			}
			if (got.Class == meta.Malformed) != (got.Reason != "") || (got.Class == meta.Complete) != (got.Record != nil) ||
				(got.Class == meta.Newer) != (got.Version != "") || (got.Class == meta.Foreign) != (got.Foreign != nil) {
				t.Errorf("what goes with %v is missing, or more: %+v", got.Class, got)
			}
			if len(got.Reason) > 400 || strings.ContainsFunc(got.Reason, func(c rune) bool { return !unicode.IsPrint(c) }) {
				t.Errorf("a reason of %d bytes, or one that a terminal obeys: %q", len(got.Reason), got.Reason)
			}
		})
	}
}

func TestEveryKeyIsReadStrictly(t *testing.T) {
	decimal := []string{`"0"`, `"12345678901234567890"`, `!""`, `!"123456789012345678901"`, `!"-1"`, `!"+1"`, `!"1.0"`, `!" 1"`, `!"0x1"`, `!"١"`, `!1`, `!null`, `!true`, `![]`, `!{}`}
	text := []string{`""`, `"x"`, `"\u00e9\/\ud83d\ude00"`, `!1`, `!null`, `!true`, `!["x"]`, `!{}`}
	boolean := []string{`true`, `false`, `!"true"`, `!1`, `!0`, `!null`, `!True`, `!truefalse`, `![]`}
	positive := []string{`1`, `9223372036854775807`, `!0`, `!-1`, `!1.0`, `!1e3`, `!01`, `!"1"`, `!null`, `!true`, `![1]`, `!18446744073709551616`, `!99999999999999999999999999999999`}
	for key, values := range map[string][]string{
		"kind": text, "instance": text, "boot_id": text, "machine_id": text, "user": text, "program": text, "filesystem": text, "note": text,
		"hostname": text, "start": decimal, "pid_namespace": decimal, "time_namespace": decimal, "inode": decimal, "device": decimal,
		"on_behalf": boolean, "kernel_lock": boolean,
		"lease_ms": append(positive, `!9223372036854775808`), "fence": append(positive, `18446744073709551615`),
		"pid":    {`1`, `2147483647`, `!0`, `!-1`, `!4294967296`, `!1.0`, `!1e1`, `!007`, `!"1"`, `!null`, `!true`, `!{}`},
		"format": {`"filelock/1"`, `!"filelock/1 "`, `!1`, `!null`},
		"token": {`"` + token + `"`, `"00000000-0000-0000-0000-000000000000"`, `!"` + strings.ToUpper(token) + `"`, `!""`, `!"x"`, `!"` + token + `0"`, `!"{` + token + `}"`,
			`!"urn:uuid:` + token + `"`, `!"` + strings.ReplaceAll(token, "-", "") + `"`, `!"0190f6a2-7b3c-4d5e-8f90-a1b2c3d4e5fg"`, `!"0190f6a27-b3c-4d5e-8f90-a1b2c3d4e5f6"`, `!1`, `!null`},
		"created": {`"2025-01-01T00:00:00Z"`, `"2025-01-01T00:00:00.123456789+02:00"`, `!"2025-01-01"`, `!"2025-01-01 00:00:00Z"`, `!"2025-01-01T00:00:00"`, `!"2025-13-01T00:00:00Z"`, `!"2025-01-01T0:00:00Z"`,
			`!"2025-01-01T00:00:00,5Z"`, `!"9999-12-31T23:59:59-01:00"`, `!"0000-01-01T00:00:00+01:00"`, `!"10000-01-01T00:00:00Z"`, `!""`, `!0`, `!null`},
		"labels": {`{}`, `{"a":"b"}`, `{ "a" : "b" , "A" : "" }`, `!{"a":1}`, `!{"a":null}`, `!{"a":"b","a":"b"}`, `!{"a":"b","\u0061":"c"}`, `!{"a":{}}`, `!{"a"}`, `!{,}`, `!{"a":"b",}`, `![]`, `!["a"]`, `!"a"`, `!null`},
	} {
		members := map[string]string{"token": `"token":"` + token + `"`, "pid": `"pid":1`, "hostname": `"hostname":"h"`, "created": `"created":"2025-01-01T00:00:00Z"`}
		for _, v := range values {
			v, bad := strings.CutPrefix(v, "!")
			member := strconv.Quote(key) + ":" + v
			text := head + "," + member + "}"
			switch {
			case key == "format":
				text = "{" + member + strings.TrimPrefix(head, beginning) + "}"
			case members[key] != "":
				text = with(members[key], member)
			}
			c := meta.Parse([]byte(text))
			if (c.Class == meta.Complete) == bad {
				t.Errorf("%s is %v (%s)", text, c.Class, c.Reason)
			}
			if !bad {
				if again := parse(t, encode(t, *c.Record)); !reflect.DeepEqual(again, *c.Record) {
					t.Errorf("%s is read back as %+v", text, again)
				}
				twice := strings.TrimSuffix(text, "}") + "," + member + "}"
				if c := meta.Parse([]byte(twice)); c.Class != meta.Malformed || !strings.Contains(c.Reason, "twice") {
					t.Errorf("%s is %v (%s)", twice, c.Class, c.Reason)
				}
			}
		}
		if member := members[key]; member != "" {
			if c := meta.Parse([]byte(without(member) + "}")); c.Class != meta.Malformed || !strings.Contains(c.Reason, key) {
				t.Errorf("without %s: %v (%s)", key, c.Class, c.Reason)
			}
		}
		for _, other := range []string{strings.ToUpper(key), strings.ToUpper(key[:1]) + key[1:], key + " ", strings.ReplaceAll(key, "s", "\u017f")} {
			if other == key {
				continue
			}
			text := head + "," + strconv.Quote(other) + `:"x"}`
			if r := parse(t, []byte(text)); string(r.Extra[other]) != `"x"` {
				t.Errorf("%s: %q is not an unknown key", text, other)
			}
		}
	}
}

func TestAPidOfWindowsIsReadWhereAnIntHoldsIt(t *testing.T) {
	want := meta.Malformed
	if math.MaxInt > math.MaxInt32 {
		want = meta.Complete
	}
	for _, pid := range []string{"2147483648", "4294967295"} {
		if c := meta.Parse([]byte(with(`"pid":1`, `"pid":`+pid))); c.Class != want {
			t.Errorf("pid %s is %v, want %v", pid, c.Class, want)
		}
	}
}

func TestForeignLocksAreRecognised(t *testing.T) {
	host255 := strings.Repeat("h", 255)
	for text, want := range map[string]*meta.ForeignOwner{
		"1":                          {Format: "pid file", PID: 1},
		"4711\n":                     {Format: "pid file", PID: 4711},
		"      4711\n":               {Format: "pid file", PID: 4711},
		"2147483647  \n":             {Format: "pid file", PID: 2147483647},
		"12\nhost\n":                 {Format: "Python filelock", PID: 12, Hostname: "host"},
		"12\nhost":                   {Format: "Python filelock", PID: 12, Hostname: "host"},
		"12\nhöst\n17:42 boot 1.5\n": {Format: "Python filelock", PID: 12, Hostname: "höst", Start: "17:42 boot 1.5"},
		"12\n" + host255 + "\n":      {Format: "Python filelock", PID: 12, Hostname: host255},
		"2147483647\n" + host255 + "\n" + strings.Repeat("s", 128) + "\n": {Format: "Python filelock", PID: 2147483647, Hostname: host255, Start: strings.Repeat("s", 128)},
		"0\n": nil, "-1\n": nil, "+1\n": nil, "007\n": nil, "2147483648\n": nil, "4294967297\n": nil, "12a\n": nil, "1 2\n": nil, "1\t\n": nil, "1\n\n": nil, "\n": nil, " ": nil,
		"12\nhost\n\n": nil, "12\n\nstart\n": nil, "12\nho\x1b[2Jst\n": nil, "12\nhost\nst\x00art\n": nil, "12\nho st\n": nil, "12\nhost\nstart\nmore\n": nil,
		"12\nho\xffst\n": nil, "12\n" + host255 + "h\n": nil, "12\nhost\n" + strings.Repeat("s", 129) + "\n": nil, "\x0c\x00\x00\x00": nil, " 12\nhost\n": nil,
	} {
		c := meta.Parse([]byte(text))
		if !reflect.DeepEqual(c.Foreign, want) || (want != nil) != (c.Class == meta.Foreign) {
			t.Errorf("%q is %v, %+v, want %+v", text, c.Class, c.Foreign, want)
		}
	}
}

func TestDecodeSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]error{
		head + "}": nil, beginning: meta.ErrTorn, "": meta.ErrTorn, `{"format":"filelock/7"}`: meta.ErrNewer,
		"4711\n": meta.ErrMalformed, "x": meta.ErrMalformed, head + `,"pid":2}`: meta.ErrMalformed,
	} {
		r, err := meta.Decode([]byte(text))
		if !errors.Is(err, want) || (err == nil) != (r.PID == 1) {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
	}
}
