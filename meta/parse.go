package meta

import (
	"bytes"
	"errors"
	"fmt"
)

// What [Decode] returns for contents that are not a whole record of our format.
var (
	ErrTorn      = errors.New("record is torn")
	ErrNewer     = errors.New("record is of a newer format")
	ErrMalformed = errors.New("not a filelock record")
)

// beginning is how every record of our version begins.
const beginning = `{"format":"` + Format + `"`

// Parse says what the contents of a lock file are. It takes any bytes, and
// never more than the first MaxSize+1 of them matter: callers need not read on.
//
//   - Complete: begins with the literal `{"format":"filelock/1"`, has every
//     required key, no known key of a wrong type and no key twice, and nothing
//     but white space follows. The final newline may be missing.
//   - Torn: empty, or the beginning of a record, which more bytes could still
//     make whole. Nothing says whether its writer is still at it.
//   - Newer: begins as ours, with a version number above ours.
//   - Foreign: the pid, or pid, host and start, of another program's lock file.
//   - Malformed: anything else. Reason says why.
func Parse(b []byte) Content {
	if v := newerVersion(b); v != "" {
		return Content{Class: Newer, Version: v}
	}
	switch {
	case len(b) > MaxSize:
		return malformed("larger than %d bytes", MaxSize)
	case len(b) < len(beginning) && beginning[:len(b)] == string(b):
		return Content{Class: Torn}
	case !bytes.HasPrefix(b, []byte(beginning)):
		if f := parseForeign(b); f != nil {
			return Content{Class: Foreign, Foreign: f}
		}
		return malformed("it begins neither with %s nor as a lock file of another program", beginning)
	}
	r, err := quickRecord(b), error(nil)
	if r == nil {
		r, err = parseObject(b)
	}
	switch {
	case err == nil && len(bytes.TrimRight(b, " \t\r\n")) >= MaxSize:
		return malformed("larger than %d bytes with its newline", MaxSize)
	case err == nil:
		return Content{Class: Complete, Record: r}
	case errors.Is(err, errEnd) && len(b) <= MaxSize-len("}\n"):
		return Content{Class: Torn}
	}
	return malformed("%v", err)
}

// Decode is [Parse] for callers that want a record or an error, which matches
// [ErrTorn], [ErrNewer] or [ErrMalformed].
func Decode(b []byte) (Record, error) {
	c := Parse(b)
	switch c.Class {
	case Complete:
		return *c.Record, nil
	case Torn:
		return Record{}, fmt.Errorf("decode record: %w after %d bytes", ErrTorn, len(b))
	case Newer:
		return Record{}, fmt.Errorf("decode record: %w: %s", ErrNewer, c.Version)
	case Foreign:
		return Record{}, fmt.Errorf("decode record: %w: it is a %s lock", ErrMalformed, c.Foreign.Format)
	}
	return Record{}, fmt.Errorf("decode record: %w: %s", ErrMalformed, c.Reason)
}

func malformed(format string, args ...any) Content {
	return Content{Class: Malformed, Reason: fmt.Sprintf(format, args...)}
}

// newerVersion is the format of a record that is newer than ours, or "". Only
// so much is understood of it, and so much is promised by every version.
func newerVersion(b []byte) string {
	rest, ok := bytes.CutPrefix(b, []byte(Prefix))
	if !ok {
		return ""
	}
	n := 0
	for n < len(rest) && n < 7 && '0' <= rest[n] && rest[n] <= '9' {
		n++
	}
	if n == 0 || n > 6 || n == len(rest) || rest[n] != '"' || rest[0] == '0' || string(rest[:n]) == "1" {
		return ""
	}
	return Prefix[len(`{"format":"`):] + string(rest[:n])
}

// filePrefix is how the record of a hard lock begins, whoever wrote it.
const filePrefix = `{"format":"` + Format + `","kind":"` + KindFile + `"`

// Mixed says whether b, of which Parse made c, is what a hard lock's record
// leaves that was being written over another and not as one (a power cut, a
// signal in the middle): what the two have in common is their beginning.
func Mixed(b []byte, c Content) bool {
	return c.Class == Malformed && len(b) <= MaxSize && bytes.HasPrefix(b, []byte(filePrefix))
}
