package filelock_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// platform is a line of .ci/platforms.
type platform struct{ os, arch string }

// platformNames are the README's names of operating systems.
var platformNames = map[string]string{
	"Linux": "linux", "Windows": "windows", "macOS": "darwin", "FreeBSD": "freebsd", "OpenBSD": "openbsd", "NetBSD": "netbsd",
	"DragonFly": "dragonfly", "illumos": "illumos", "Solaris": "solaris", "AIX": "aix", "Plan 9": "plan9", "js": "js",
}

// platformStates are the README's words for what .ci/platforms says.
var platformStates = map[string][]string{
	"run here":                {"native", "qemu", "wine"},
	"decoded from recordings": {"decoded"},
	"compiled only":           {"compiled"},
	"unsupported":             {"none"},
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	must(t, err)
	return string(b)
}

// listedPlatforms are those of .ci/platforms, with how each is tested.
func listedPlatforms(t *testing.T) map[platform]string {
	t.Helper()
	_, list, _ := strings.Cut(readFile(t, ".ci/platforms"), "<<'LIST'\n")
	list, _, ok := strings.Cut(list, "LIST\n")
	if !ok {
		t.Fatal(".ci/platforms has no list")
	}
	listed := map[platform]string{}
	for line := range strings.Lines(list) {
		f := strings.Fields(line)
		if len(f) != 3 {
			t.Fatalf(".ci/platforms: %q is not GOOS GOARCH HOW", line)
		}
		listed[platform{f[0], f[1]}] = f[2]
	}
	return listed
}

// A row of the README's table: | Linux: amd64, 386 | *run here*: ... |
var platformRow = regexp.MustCompile(`(?m)^\| ([A-Za-z0-9 ]+): ([a-z0-9, ]+) \| \*([a-z ]+)\*`)

func TestREADMEPlatformsAreThoseThatAreTested(t *testing.T) {
	listed := listedPlatforms(t)
	section := readmeSection(t, readREADME(t), "## Platforms")
	said := map[platform]bool{}
	for _, row := range platformRow.FindAllStringSubmatch(section, -1) {
		goos, ok := platformNames[row[1]]
		if !ok {
			t.Errorf("README has a platform %q that this test does not know", row[1])
		}
		states, ok := platformStates[row[3]]
		if !ok {
			t.Errorf("README says *%s* of %s: it is *run here*, *decoded from recordings*, *compiled only* or *unsupported*", row[3], row[1])
		}
		for arch := range strings.SplitSeq(row[2], ", ") {
			p := platform{goos, arch}
			if said[p] {
				t.Errorf("README has %s/%s twice", goos, arch)
			}
			said[p] = true
			if !slices.Contains(states, listed[p]) {
				t.Errorf("README says *%s* of %s/%s; .ci/platforms says %q", row[3], goos, arch, listed[p])
			}
		}
	}
	for p, how := range listed {
		if !said[p] {
			t.Errorf("README does not have %s/%s, which is %q in .ci/platforms", p.os, p.arch, how)
		}
	}
	if rows := strings.Count(section, "\n| ") - 2; rows != len(platformRow.FindAllString(section, -1)) {
		t.Errorf("README has %d rows of platforms, and %d that this test understands", rows, len(platformRow.FindAllString(section, -1)))
	}
}

// What .ci/platforms says is run is run by .ci/run.
func TestPlatformsAreTestedAsTheirListSays(t *testing.T) {
	run := readFile(t, ".ci/run")
	has := func(p platform, line string) {
		t.Helper()
		if !regexp.MustCompile(`(?m)^[^#\n]*` + line).MatchString(run) {
			t.Errorf(".ci/run does not test %s/%s: it has no line %q", p.os, p.arch, line)
		}
	}
	for p, how := range listedPlatforms(t) {
		switch how {
		case "native":
			if p.arch == "amd64" {
				has(p, `go test .*\./\.\.\.`)
				continue
			}
			has(p, `\.ci/arch `+p.arch+` .*\./lock`)
		case "qemu":
			has(p, `\.ci/arch `+p.arch+` .*\./lock`)
		case "wine":
			has(p, `\.ci/wine/test .*\./\.\.\.`)
		case "decoded", "compiled", "none":
		default:
			t.Errorf(".ci/platforms says %q of %s/%s", how, p.os, p.arch)
		}
	}
	has(platform{"every", "platform"}, `\.ci/platforms`)
}
