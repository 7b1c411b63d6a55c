package sights

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// maxLine bounds a sight's file, in bytes.
const maxLine = 4096

// line is a sight as it is kept: one line of JSON, with all keys in this order.
type line struct {
	Key   text          `json:"key"`
	Boot  text          `json:"boot"`
	Print text          `json:"print"`
	First time.Duration `json:"first_ns"`
	Last  time.Duration `json:"last_ns"`
	Reads int           `json:"reads"`
}

// text is a string of any bytes. JSON's strings are UTF-8, and paths are not
// always: those that are not, or could be taken for such, are in Go's quotes.
type text string

func (t text) MarshalText() ([]byte, error) {
	if t == "" || utf8.ValidString(string(t)) && t[0] != '"' {
		return []byte(t), nil
	}
	return []byte(strconv.QuoteToASCII(string(t))), nil
}

func (t *text) UnmarshalText(b []byte) error {
	s := string(b)
	if len(s) > 0 && s[0] == '"' {
		var err error
		if s, err = strconv.Unquote(s); err != nil {
			return err
		}
	}
	*t = text(s)
	return nil
}

// check says what is wrong with a sight that no watch could have come to.
func (s Sight) check() error {
	switch {
	case s.Boot == "":
		return errors.New("sights: no boot: what is not known to be of this one is of no use")
	case s.First < 0 || s.Last < s.First:
		return fmt.Errorf("sights: first seen at %v and last at %v after boot", s.First, s.Last)
	case s.Reads < 1:
		return fmt.Errorf("sights: seen in %d reads", s.Reads)
	}
	return nil
}

func (s Sight) encode() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(line{text(s.Key), text(s.Boot), text(s.Print), s.First, s.Last, s.Reads})
	if err != nil {
		return nil, err
	}
	b = append(b, '\n')
	if len(b) > maxLine {
		return nil, fmt.Errorf("sights: a sight of %d bytes, and %d is the most", len(b), maxLine)
	}
	return b, nil
}

// decode takes what encode makes and nothing else: not another order, a key
// more or twice, a byte behind it. Each of those would be somebody else's.
func decode(b []byte) (Sight, bool) {
	if len(b) > maxLine {
		return Sight{}, false
	}
	var l line
	if json.Unmarshal(b, &l) != nil {
		return Sight{}, false
	}
	s := Sight{string(l.Key), string(l.Boot), string(l.Print), l.First, l.Last, l.Reads}
	again, err := s.encode()
	return s, err == nil && bytes.Equal(again, b)
}
