//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// server is a process that does what a contestant does, when it is told to.
type server struct {
	c    *contestant
	held locker // by lock or wait
	at   int64  // when unlock was called
	out  *json.Encoder
}

// serve answers requests from stdin until there are no more.
func serve(name string) error {
	c, err := contestantNamed(name)
	if err != nil {
		return err
	}
	s := server{c: c, out: json.NewEncoder(os.Stdout)}
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var q request
		if err := json.Unmarshal(line, &q); err != nil {
			return err
		}
		r, err := s.do(q)
		if err != nil {
			r.Err = err.Error()
		}
		if err := s.out.Encode(r); err != nil {
			return err
		}
	}
}

func (s *server) do(q request) (reply, error) {
	switch q.Do {
	case "loop":
		return s.loop(q)
	case "lock":
		return s.lock(q)
	case "wait":
		if err := s.out.Encode(reply{}); err != nil { // about to lock
			return reply{}, err
		}
		return s.lock(q)
	case "unlock":
		return reply{}, s.unlock()
	case "when": // asked for later, so that nothing disturbs the one who waited
		return reply{At: s.at}, nil
	case "contend":
		return s.contend(q)
	case "goroutines":
		return s.goroutines(q)
	case "scan":
		return s.scan(q)
	}
	return reply{}, fmt.Errorf("no request %q", q.Do)
}

func (s *server) lock(q request) (reply, error) {
	l, err := s.c.open(q.Path)
	if err != nil {
		return reply{}, err
	}
	if err := l.lock(context.Background()); err != nil {
		return reply{}, err
	}
	r := reply{At: monotonic()}
	s.held = l
	return r, nil
}

func (s *server) unlock() error {
	s.at = monotonic()
	return s.held.unlock()
}
