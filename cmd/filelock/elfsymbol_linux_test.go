package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
)

// counting counts what is read.
type counting struct {
	io.ReaderAt
	bytes int
}

func (c *counting) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, off)
	c.bytes += n
	return n, err
}

func TestASymbolIsFoundWhereDebugElfFindsItButReadingLess(t *testing.T) {
	path := built(t)
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	all, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = exe.Close() }()
	var names, found int
	for _, want := range all {
		names += len(want.Name) + 1
		if want.Name != "runtime.fwdSig" && want.Name != "runtime.sigtable" && want.Name != "runtime.m0" {
			continue
		}
		found++
		c := &counting{ReaderAt: exe}
		got, entry, err := findSymbol(c, want.Name, want.Size, want.Size)
		if err != nil || got.at != want.Value || got.size != want.Size || entry != file.Entry {
			t.Errorf("%s is %+v, entry %#x (%v), want %+v, entry %#x", want.Name, got, entry, err, want, file.Entry)
		}
		if table := len(all)*elfSymbol + names; c.bytes > table/4 {
			t.Errorf("for %s %d bytes were read, the symbols are %d", want.Name, c.bytes, table)
		}
		if _, _, err := findSymbol(exe, want.Name, want.Size+1, want.Size+100); !errors.Is(err, errNoSymbol) {
			t.Errorf("%s of another size: %v", want.Name, err)
		}
	}
	if found != 3 {
		t.Errorf("%d of 3 symbols are there", found)
	}
	if _, _, err := findSymbol(exe, "runtime.none", 0, 1<<40); !errors.Is(err, errNoSymbol) {
		t.Errorf("a symbol that does not exist: %v", err)
	}
}

func TestWhatIsNoExecutableHasNoSymbols(t *testing.T) {
	whole, err := os.ReadFile(built(t))
	if err != nil {
		t.Fatal(err)
	}
	for what, b := range map[string][]byte{
		"nothing":  nil,
		"a script": append([]byte("#!/bin/sh\n"), make([]byte, 1000)...),
		"a header": whole[:elfHeader],
		"half":     whole[:len(whole)/2],
		"ones":     append([]byte("\x7fELF"), bytes.Repeat([]byte{0xff}, 100000)...),
	} {
		if s, _, err := findSymbol(bytes.NewReader(b), "runtime.fwdSig", 65*word, 129*word); err == nil {
			t.Errorf("%s has it: %+v", what, s)
		}
	}
}

func TestIgnoredSignalsAreSeenInAPositionIndependentExecutable(t *testing.T) {
	emulation.SkipQemu(t, "the dynamic linker of its processor is not there")
	cmd := exec.Command("ignorer", strconv.Itoa(int(syscall.SIGTERM)), built(t, "-buildmode=pie"), "run", "x.lock", "sh", "-c", "kill -TERM $$; echo still here")
	cmd.Dir = t.TempDir()
	if r := finish(t, cmd).wantCode(t, exitOK); r.out != "still here\n" {
		t.Errorf("%q", r.out)
	}
}
