package meta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// Encode returns the record as it stands in a lock file: one JSON object on one
// line, newline included, format first. [Parse] finds it Complete and equal,
// but for invalid UTF-8, which becomes U+FFFD, and for Created, which is
// written in UTC and without its monotonic reading. An empty Format means
// [Format].
//
// The error matches [ErrTooLarge] beyond [MaxSize], and [ErrMalformed] for a
// record that no reader would accept: a token that is not a UUID, a pid out of
// range, a Start, Inode or Device that is not decimal, Extra that is not JSON or names
// a known key.
func (r Record) Encode() ([]byte, error) {
	b, err := r.appendObject(make([]byte, 0, 1024))
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	b = append(b, '\n')
	if len(b) > MaxSize {
		return nil, tooLarge(len(b))
	}
	return b, nil
}

// MarshalJSON is [Record.Encode] without the newline, so that a record looks
// the same wherever it is printed.
func (r Record) MarshalJSON() ([]byte, error) {
	b, err := r.Encode()
	return bytes.TrimSuffix(b, []byte("\n")), err
}

// UnmarshalJSON reads what [Record.MarshalJSON] wrote, as strictly as [Parse],
// but in any order and spacing, for others may have printed it anew. The error
// matches [ErrMalformed].
func (r *Record) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil // the convention of encoding/json
	}
	rec, err := parseObject(b)
	if err == nil {
		_, err = rec.Encode() // the size, which spacing and escapes do not count towards
	}
	if err != nil {
		return fmt.Errorf("record: %w: %w", ErrMalformed, err)
	}
	*r = *rec
	return nil
}

// SetOwner makes id the owner: the fields that Identity has, and no others.
func (r *Record) SetOwner(id Identity) {
	r.PID, r.Hostname, r.Instance = id.PID, id.Hostname, id.Instance
	r.Start, r.BootID, r.MachineID = id.Start, id.BootID, id.MachineID
	r.PIDNamespace, r.TimeNamespace = id.PIDNamespace, id.TimeNamespace
	r.User, r.Program = id.User, id.Program
}

// Owner is the process that the record names, with OnBehalf or without.
func (r Record) Owner() Identity {
	return Identity{
		PID: r.PID, Hostname: r.Hostname, Instance: r.Instance,
		Start: r.Start, BootID: r.BootID, MachineID: r.MachineID,
		PIDNamespace: r.PIDNamespace, TimeNamespace: r.TimeNamespace,
		User: r.User, Program: r.Program,
	}
}

// appendObject writes by hand: every acquisition does this, and encoding/json
// would neither keep U+FFFD out of keys nor the order of Extra behind ours.
func (r *Record) appendObject(b []byte) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	b = r.appendHead(b)
	b = appendAlways(b, keyToken, r.Token)
	b = r.appendOwner(b)
	b = appendCreated(b, r.Created.UTC())
	b = r.appendRest(b)
	b = appendTrue(b, keyKernelLock, r.KernelLock)
	b = appendText(b, keyInode, r.Inode)
	b = appendText(b, keyFilesystem, r.Filesystem)
	b = appendText(b, keyDevice, r.Device)
	return r.appendTail(b)
}

// check refuses what Parse would.
func (r *Record) check() error {
	switch {
	case r.Format != "" && r.Format != Format:
		return fmt.Errorf("%w: format %s, not %s", ErrMalformed, Printable(r.Format), Format)
	case !isUUID(r.Token):
		return badToken(r.Token)
	case r.PID < 1 || r.PID > maxPID:
		return fmt.Errorf("%w: pid %d", ErrMalformed, r.PID)
	case !isWritable(r.Created.UTC()):
		return badCreated(r.Created.UTC())
	case r.LeaseMS < 0:
		return fmt.Errorf("%w: lease of %d ms", ErrMalformed, r.LeaseMS)
	}
	for _, f := range [...]struct {
		key   key
		value string
	}{{keyStart, r.Start}, {keyPIDNamespace, r.PIDNamespace}, {keyTimeNamespace, r.TimeNamespace}, {keyInode, r.Inode}, {keyDevice, r.Device}} {
		if f.value != "" && !isDecimal([]byte(f.value)) {
			return fmt.Errorf("%w: %s %q is not a decimal number", ErrMalformed, keyNames[f.key], Printable(f.value))
		}
	}
	return nil
}

func (r *Record) appendLabels(b []byte) ([]byte, error) {
	if len(r.Labels) == 0 {
		return b, nil
	}
	b = append(appendKey(b, keyLabels), '{')
	last := ""
	for i, name := range slices.SortedFunc(maps.Keys(r.Labels), compareValid) {
		if i > 0 {
			if compareValid(last, name) == 0 {
				return nil, fmt.Errorf("%w: two labels are %q once invalid UTF-8 is replaced", ErrMalformed, Printable(valid(name)))
			}
			b = append(b, ',')
		}
		last = name
		b = append(appendString(b, name), ':')
		b = appendString(b, r.Labels[name])
	}
	return append(b, '}'), nil
}

func (r *Record) appendExtra(b []byte) ([]byte, error) {
	if len(r.Extra) == 0 {
		return b, nil
	}
	last := ""
	for i, name := range slices.SortedFunc(maps.Keys(r.Extra), compareValid) {
		if keyNamed([]byte(name)) != numKeys || i > 0 && compareValid(last, name) == 0 {
			return nil, fmt.Errorf("%w: extra key %q is there twice", ErrMalformed, Printable(valid(name)))
		}
		last = name
		var line bytes.Buffer
		err := checkValue(r.Extra[name])
		if err == nil {
			err = json.Compact(&line, r.Extra[name])
		}
		if err != nil {
			return nil, fmt.Errorf("%w: the value of extra key %q: %w", ErrMalformed, Printable(valid(name)), err)
		}
		b = append(appendString(append(b, ','), name), ':')
		b = append(b, line.Bytes()...)
	}
	return b, nil
}

// checkValue refuses what is not one JSON value.
func checkValue(raw []byte) error {
	s := scanner{b: append(slices.Clip(raw), '\n')} // a number alone would end too early
	if err := s.skip(); err != nil {
		return err
	}
	if s.space(); s.i != len(s.b) {
		return s.wrong("something follows the value")
	}
	return nil
}

func appendKey(b []byte, k key) []byte {
	b = append(b, ',', '"')
	b = append(b, keyNames[k]...)
	return append(b, '"', ':')
}

func appendText(b []byte, k key, s string) []byte {
	if s == "" {
		return b
	}
	return appendAlways(b, k, s)
}

func appendAlways(b []byte, k key, s string) []byte { return appendString(appendKey(b, k), s) }

func appendTrue(b []byte, k key, on bool) []byte {
	if !on {
		return b
	}
	return append(appendKey(b, k), "true"...)
}

// appendString escapes what JSON requires, in the shortest way, and nothing
// else. A record that was read is so never longer when it is written again.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r) // invalid UTF-8 is RuneError, U+FFFD
			i += n
			continue
		}
		i++
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ':
			b = append(b, c)
		case c == '\b':
			b = append(b, '\\', 'b')
		case c == '\f':
			b = append(b, '\\', 'f')
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(b, '"')
}

// valid is s as appendString writes it: each invalid byte becomes U+FFFD.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

func compareValid(a, b string) int {
	a, b = valid(a), valid(b)
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
