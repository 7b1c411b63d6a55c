//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// write puts the tables of each experiment into a file of its own in dir, the
// plots beside them, and an index of all that is there.
func write(dir string, ts []*table) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	texts := make(map[string]string)
	for _, t := range ts {
		texts[t.experiment] += t.markdown() + "\n"
	}
	for name, text := range texts {
		text = fmt.Sprintf("# %s\n\n%s\n\n%s%s", name, conditions(), images(ts, name), text)
		if err := os.WriteFile(filepath.Join(dir, name+".md"), []byte(strings.TrimSpace(text)+"\n"), 0o666); err != nil {
			return err
		}
	}
	if err := plots(ts, dir); err != nil {
		return err
	}
	return index(dir)
}

func images(ts []*table, experiment string) string {
	var b strings.Builder
	seen := make(map[string]bool)
	for _, t := range ts {
		if d := t.drawn; t.experiment == experiment && d.plot != "" && !seen[d.plot] {
			seen[d.plot] = true
			fmt.Fprintf(&b, "![%s](%s.svg)\n\n", d.title, d.plot)
		}
	}
	return b.String()
}

// index lists the experiments whose results are in dir, of this run or of
// earlier ones.
func index(dir string) error {
	var b strings.Builder
	b.WriteString("# Results\n\nWritten by `go run .`; [how to read them](../README.md#how-to-read-the-tables).\n\n")
	for _, x := range experiments {
		if _, err := os.Stat(filepath.Join(dir, x.name+".md")); err == nil {
			fmt.Fprintf(&b, "- [%s](%s.md): %s\n", x.name, x.name, x.about)
		}
	}
	return os.WriteFile(filepath.Join(dir, "README.md"), []byte(b.String()), 0o666)
}

// conditions are what a reader must know to compare.
func conditions() string {
	s := runtime.Version()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return s + "."
	}
	for _, m := range info.Deps {
		switch m.Path {
		case "github.com/gofrs/flock", "github.com/rogpeppe/go-internal", "github.com/nightlyone/lockfile", "github.com/caddyserver/certmagic":
			s += fmt.Sprintf(", %s %s", strings.TrimPrefix(m.Path, "github.com/"), m.Version)
		}
	}
	return s + "."
}
