package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// errNoSecond: there is no second process to be had.
var errNoSecond = errors.New("no second process could be started")

// second is another process of this host, which runs Serve.
type second struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	replies chan reply
	ended   chan struct{} // closed when no reply can come any more
}

// Serve does in the directory what it is asked through in, one request a line,
// and answers on out, until in ends. It is what the second process does.
func Serve(ctx context.Context, dir string, in io.Reader, out io.Writer) error {
	h := newHand(fsys.Real.At(dir))
	defer h.close()
	requests, replies := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var r request
		switch err := requests.Decode(&r); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read a request: %w", err)
		}
		if err := replies.Encode(h.do(ctx, r)); err != nil {
			return fmt.Errorf("write a reply: %w", err)
		}
	}
}

// second starts another process. Its stop must be called.
func (b *bench) second() (*second, error) {
	if b.o.Second == nil {
		return nil, errNoSecond
	}
	s := &second{cmd: b.o.Second(b.path), replies: make(chan reply), ended: make(chan struct{})}
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, errors.Join(errNoSecond, err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(errNoSecond, err)
	}
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(errNoSecond, err)
	}
	go func() {
		defer close(s.ended)
		for dec := json.NewDecoder(out); ; {
			var r reply
			if dec.Decode(&r) != nil {
				return
			}
			s.replies <- r
		}
	}()
	return s, nil
}

// ready returns when the process does what it is asked, so that what is asked
// next is done at once.
func (s *second) ready(ctx context.Context) error {
	_, err := s.ask(ctx, request{Do: "ready", Name: filePrefix})
	return err
}

func (s *second) who() string { return "the second process" }

func (s *second) ask(ctx context.Context, r request) (reply, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return reply{}, err
	}
	if _, err := s.in.Write(append(line, '\n')); err != nil {
		return reply{}, fmt.Errorf("the second process is gone: %w", err)
	}
	select {
	case re := <-s.replies:
		return re, re.error()
	case <-s.ended:
		return reply{}, errors.New("the second process ended by itself")
	case <-ctx.Done():
		return reply{}, context.Cause(ctx)
	}
}

func (r reply) error() error {
	if r.Err == "" {
		return nil
	}
	return errors.New(r.Err)
}

// kill ends the process at once, as a crash would, and returns when it is gone.
func (s *second) kill() {
	_ = s.cmd.Process.Kill() // it may have ended by itself
	s.stop()
}

// stop has the process end, and waits for that in a goroutine: it may be
// blocked in a call to a dead filesystem.
func (s *second) stop() {
	_ = s.in.Close()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for open := true; open; { // a reply that nobody waits for
			select {
			case <-s.replies:
			case <-s.ended:
				open = false
			}
		}
		_ = s.cmd.Wait()
	}()
	for range 2 {
		select {
		case <-gone:
			return
		case <-time.After(grace):
			_ = s.cmd.Process.Kill()
		}
	}
}
