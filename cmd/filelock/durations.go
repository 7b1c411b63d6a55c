package main

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// seconds is the value of a flag that takes a length of time: a number of
// seconds, fractions too, or a Go duration such as 1m30s.
type seconds struct{ d *time.Duration }

func (s seconds) Type() string { return "D" }

func (s seconds) String() string {
	if s.d == nil || *s.d < 0 {
		return ""
	}
	return s.d.String()
}

func (s seconds) Set(text string) error {
	d, err := parseSeconds(text)
	if err == nil {
		*s.d = d
	}
	return err
}

func parseSeconds(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if f, ferr := strconv.ParseFloat(text, 64); ferr == nil && !math.IsNaN(f) {
		switch {
		case f < 0: // however little: rounded up it would be 0, which is not to wait
			return 0, fmt.Errorf("%q is negative", text)
		case f*float64(time.Second) >= math.MaxInt64:
			return 0, fmt.Errorf("%q is too long", text)
		}
		d, err = time.Duration(math.Ceil(f*float64(time.Second))), nil
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no length of time: a number of seconds, or a duration such as 1m30s", text)
	case d < 0:
		return 0, fmt.Errorf("%q is negative", text)
	}
	return d, nil
}
