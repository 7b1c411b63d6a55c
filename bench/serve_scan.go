//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/reaper"
)

// scan counts the locks of dead owners in a directory, once, and says how
// large the process became.
func (s *server) scan(q request) (reply, error) {
	begin := monotonic()
	n, err := s.c.scan(q.Path)
	r := reply{Took: []int64{monotonic() - begin}, Counts: []int{n}}
	if err != nil {
		return r, err
	}
	r.Memory, err = largest()
	return r, err
}

func scanReaper(dir string) (n int, err error) {
	for st, err := range reaper.Scan(context.Background(), dir, reaper.Options{}) {
		if err != nil {
			return n, err
		}
		if st.Verdict == reaper.Dead {
			n++
		}
	}
	return n, nil
}

// scanBare reads every file and believes what is there.
func scanBare(dir string) (n int, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	buf := make([]byte, 16<<10) // the longest record
	for {
		names, err := d.Readdirnames(1000)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		for _, name := range names {
			if err := readBare(int(d.Fd()), name, buf); err != nil {
				return n, err
			}
			n++
		}
	}
}

func readBare(dir int, name string, buf []byte) error {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: name, Err: err}
	}
	_, err = unix.Read(fd, buf)
	if err := errors.Join(err, unix.Close(fd)); err != nil {
		return &os.PathError{Op: "read", Path: name, Err: err}
	}
	return nil
}

// largest is VmHWM, in bytes.
func largest() (int64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(b), "VmHWM:")
	if !ok {
		return 0, errors.New("/proc/self/status has no VmHWM")
	}
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0, fmt.Errorf("VmHWM: %w", err)
	}
	return kib << 10, nil
}
