//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkRun is what `filelock run` costs beside flock(1), and beside a Go
// program that does nothing but run the command. They take turns; the figures
// are medians. Read the ratio, not the time. With cgo is what go install makes
// where there is a C compiler: with the C library and its loader.
func BenchmarkRun(b *testing.B) {
	flock, err := exec.LookPath("flock")
	if err != nil {
		b.Skip(err)
	}
	trueCommand, err := exec.LookPath("true")
	if err != nil {
		b.Skip(err)
	}
	for _, how := range []struct{ name, cgo string }{{"without cgo", "0"}, {"with cgo", "1"}} {
		b.Run(how.name, func(b *testing.B) {
			b.Setenv("CGO_ENABLED", how.cgo)
			dir, filelock := b.TempDir(), installed(b, ".")
			contestants := []struct {
				name string
				argv []string
			}{
				{"flock", []string{flock, "-n", dir + "/flock", "true"}},
				{"run", []string{filelock, "run", "-n", dir + "/soft", "true"}},
				{"hard", []string{filelock, "run", "-n", "--hard", dir + "/hard", "true"}},
				{"bare", []string{installed(b, "./testdata/bare"), trueCommand}},
			}
			times := make([][]time.Duration, len(contestants))
			for b.Loop() {
				for i, c := range contestants {
					start := time.Now()
					if out, err := exec.Command(c.argv[0], c.argv[1:]...).CombinedOutput(); err != nil {
						b.Fatalf("%q: %v\n%s", c.argv, err, out)
					}
					times[i] = append(times[i], time.Since(start))
				}
			}
			var base time.Duration
			for i, c := range contestants {
				slices.Sort(times[i])
				median := times[i][len(times[i])/2]
				b.ReportMetric(float64(median.Microseconds())/1000, c.name+"-ms")
				if i == 0 {
					base = median
				} else {
					b.ReportMetric(float64(median)/float64(base), c.name+"/flock")
				}
			}
			b.ReportMetric(0, "ns/op") // of all together: it says nothing
		})
	}
}

// installed builds a command and copies it: as the linker leaves it in the page
// cache, in small pieces, it starts more slowly than from then on.
func installed(b *testing.B, pkg string) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "command")
	if out, err := exec.Command("go", "build", "-o", path+".new", pkg).CombinedOutput(); err != nil {
		b.Skipf("go build: %v\n%s", err, out)
	}
	program, err := os.ReadFile(path + ".new")
	if err == nil {
		err = os.WriteFile(path, program, 0o755)
	}
	if err != nil {
		b.Fatal(err)
	}
	return path
}
