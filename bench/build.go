//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
)

// source is how a program that is measured comes from the sources.
type source struct {
	in, of string // the directory to build in, and the package there
	cgo    string // of CGO_ENABLED
	suffix string // of the binary's name
}

var (
	// released is built with what the releases are built with (.goreleaser.yaml).
	released = &source{in: "..", of: "./cmd/filelock", cgo: "0"}
	// withCgo is what `go build` makes where there is a C compiler.
	withCgo = &source{in: "..", of: "./cmd/filelock", cgo: "1", suffix: "-cgo"}
	bound   = &source{in: ".", of: "./bound", cgo: "0", suffix: "-bound"}
)

// build makes a program once, and says where it is. binary is where the command
// filelock is.
func (b *bench) build(s *source, binary string) (string, error) {
	binary += s.suffix
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	args := []string{"-C", s.in, "build", "-o", binary}
	if s.cgo == "0" {
		args = append(args, "-trimpath", "-ldflags=-s -w")
	}
	cmd := exec.CommandContext(b.ctx, "go", append(args, s.of)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+s.cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build of %s: %w: %s", s.of, err, out)
	}
	return binary, nil
}
