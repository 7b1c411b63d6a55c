package filelock_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A release has the command for every platform of .ci/platforms where there are
// locks.
func TestReleasesAreForEverySupportedPlatform(t *testing.T) {
	find := func(file, re string) (found []string) {
		b, err := os.ReadFile(file)
		must(t, err)
		for _, m := range regexp.MustCompile(re).FindAllSubmatch(b, -1) {
			found = append(found, string(m[1])+" "+string(m[2]))
		}
		slices.Sort(found)
		return found
	}
	unsupported := []string{"js wasm", "plan9 amd64"}
	want := slices.DeleteFunc(find(".ci/platforms", `(?m)^([a-z0-9]+) ([a-z0-9]+)$`), func(p string) bool {
		return slices.Contains(unsupported, p)
	})
	got := find(".goreleaser.yaml", `(?m)^ +- ([a-z]+[0-9]?)_([a-z0-9]+)(?:_6)?$`)
	if len(want) < 20 || !slices.Equal(got, want) {
		t.Errorf(".goreleaser.yaml builds for\n%s\n.ci/platforms has\n%s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}
