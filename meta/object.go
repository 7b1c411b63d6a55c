package meta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// parseObject reads a record. The error is errEnd when nothing is wrong but
// that the text ends too early.
func parseObject(b []byte) (*Record, error) {
	p := parser{scanner: scanner{b: b}}
	if err := p.take('{'); err != nil {
		return nil, err
	}
	for first := true; ; first = false {
		c, err := p.next()
		if err != nil {
			return nil, err
		}
		if c == '}' && (first || p.seen != 0 || p.rec.Extra != nil) {
			p.i++
			break
		}
		if !first {
			if err := p.take(','); err != nil {
				return nil, err
			}
		}
		if err := p.member(); err != nil {
			return nil, err
		}
	}
	if p.space(); p.i != len(b) {
		return nil, p.wrong("something follows the record")
	}
	if missing := requiredKeys &^ p.seen; missing != 0 {
		for k, name := range keyNames {
			if missing&(1<<k) != 0 {
				return nil, fmt.Errorf("required key %q is missing", name)
			}
		}
	}
	return &p.rec, nil
}

type parser struct {
	scanner
	all  string // all of the text, once a part of it was wanted
	rec  Record
	seen uint32 // bits of the known keys
	last key    // as far as they were in order
}

// keyNamed tries the keys after the last one first, for records are written in
// that order.
func (p *parser) keyNamed(name []byte) key {
	for k := p.last + 1; k < numKeys; k++ {
		if keyNames[k] == string(name) {
			p.last = k
			return k
		}
	}
	return keyNamed(name)
}

func (p *parser) member() error {
	name, err := p.str()
	if err != nil {
		return err
	}
	k := p.keyNamed(name)
	if k == numKeys {
		return p.extra(string(name))
	}
	if p.seen&(1<<k) != 0 {
		return p.wrong("key %q is there twice", keyNames[k])
	}
	p.seen |= 1 << k
	if err := p.take(':'); err != nil {
		return err
	}
	if err := p.value(k); err != nil {
		if err == errEnd {
			return err
		}
		return fmt.Errorf("key %q: %w", keyNames[k], err)
	}
	return nil
}

func (p *parser) value(k key) (err error) {
	r := &p.rec
	switch k {
	case keyFormat:
		if err = p.text(&r.Format); err == nil && r.Format != Format {
			err = p.wrong("%q instead of %q", Printable(r.Format), Format)
		}
	case keyKind:
		err = p.text(&r.Kind)
	case keyToken:
		if err = p.formed(&r.Token, beginsUUID); err == nil && !isUUID(r.Token) {
			err = p.wrong("%q is not a UUID", Printable(r.Token))
		}
	case keyPID:
		var n uint64
		n, err = p.positive(maxPID)
		r.PID = int(n)
	case keyHostname:
		err = p.text(&r.Hostname)
	case keyInstance:
		err = p.text(&r.Instance)
	case keyOnBehalf:
		err = p.boolean(&r.OnBehalf)
	case keyCreated:
		err = p.created()
	case keyStart:
		err = p.decimal(&r.Start)
	case keyBootID:
		err = p.text(&r.BootID)
	case keyMachineID:
		err = p.text(&r.MachineID)
	case keyPIDNamespace:
		err = p.decimal(&r.PIDNamespace)
	case keyTimeNamespace:
		err = p.decimal(&r.TimeNamespace)
	case keyUser:
		err = p.text(&r.User)
	case keyProgram:
		err = p.text(&r.Program)
	case keyKernelLock:
		err = p.boolean(&r.KernelLock)
	case keyInode:
		err = p.decimal(&r.Inode)
	case keyFilesystem:
		err = p.text(&r.Filesystem)
	case keyDevice:
		err = p.decimal(&r.Device)
	case keyLeaseMS:
		var n uint64
		n, err = p.positive(math.MaxInt64)
		r.LeaseMS = int64(n)
	case keyFence:
		r.Fence, err = p.positive(math.MaxUint64)
	case keyNote:
		err = p.text(&r.Note)
	case keyLabels:
		err = p.labels()
	default:
		panic("meta: key " + strconv.Itoa(int(k)) + " is known but not read")
	}
	return err
}

// text makes one copy of the whole text, of which most values are parts: a
// record has twenty of them. (A text longer than a record has white space in it
// that is not to be kept.)
func (p *parser) text(s *string) error {
	b, err := p.str()
	if err != nil || !p.plain || len(p.b) > MaxSize {
		*s = string(b)
		return err
	}
	if p.all == "" {
		p.all = string(p.b)
	}
	end := p.i - len(`"`)
	*s = p.all[end-len(b) : end]
	return nil
}

func (p *parser) decimal(s *string) error {
	if err := p.formed(s, beginsDecimal); err != nil {
		return err
	}
	if !isDecimal([]byte(*s)) {
		return p.wrong("%q is not a decimal number of at most 20 digits", Printable(*s))
	}
	return nil
}

func (p *parser) boolean(v *bool) error {
	c, err := p.next()
	if err != nil {
		return err
	}
	if *v = c == 't'; *v {
		return p.word("true")
	}
	return p.word("false")
}

func (p *parser) created() error {
	var s string
	if err := p.formed(&s, beginsTime); err != nil {
		return err
	}
	t, ok := parseTime(s)
	if !ok {
		return p.wrong("%q is not an RFC 3339 time from the year 0 to 9999", Printable(s))
	}
	p.rec.Created = t
	return nil
}

func (p *parser) labels() error {
	if err := p.take('{'); err != nil {
		return err
	}
	labels := make(map[string]string)
	for {
		c, err := p.next()
		if err != nil {
			return err
		}
		if c == '}' {
			p.i++
			break
		}
		if len(labels) > 0 {
			if err := p.take(','); err != nil {
				return err
			}
		}
		var name, value string
		if err := p.text(&name); err != nil {
			return err
		}
		if _, twice := labels[name]; twice {
			return p.wrong("label %q is there twice", Printable(name))
		}
		if err := p.take(':'); err != nil {
			return err
		}
		if err := p.text(&value); err != nil {
			return err
		}
		labels[name] = value
	}
	if len(labels) > 0 {
		p.rec.Labels = labels
	}
	return nil
}

// extra keeps a key that this package does not know, without its white space.
func (p *parser) extra(name string) error {
	if _, twice := p.rec.Extra[name]; twice {
		return p.wrong("key %q is there twice", Printable(name))
	}
	if err := p.take(':'); err != nil {
		return err
	}
	if _, err := p.next(); err != nil {
		return err
	}
	start := p.i
	if err := p.skip(); err != nil {
		return err
	}
	var value bytes.Buffer
	if err := json.Compact(&value, p.b[start:p.i]); err != nil {
		return err
	}
	if p.rec.Extra == nil {
		p.rec.Extra = make(map[string]json.RawMessage)
	}
	p.rec.Extra[name] = value.Bytes()
	return nil
}
