package filelock_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A release has the command for every platform of .ci/platforms where there are
// locks.
func TestReleasesAreForEverySupportedPlatform(t *testing.T) {
	want := listedPlatforms(t)
	maps.DeleteFunc(want, func(_ platform, how string) bool { return how == "none" })
	got := map[platform]string{}
	for _, m := range regexp.MustCompile(`(?m)^ +- ([a-z]+[0-9]?)_([a-z0-9]+)(?:_6)?$`).FindAllStringSubmatch(readFile(t, ".goreleaser.yaml"), -1) {
		got[platform{m[1], m[2]}] = ""
	}
	if !slices.Equal(platformList(got), platformList(want)) {
		t.Errorf(".goreleaser.yaml builds for\n%s\n.ci/platforms has\n%s", strings.Join(platformList(got), ", "), strings.Join(platformList(want), ", "))
	}
}

// platformList is "GOOS GOARCH", sorted.
func platformList(platforms map[platform]string) (all []string) {
	for p := range platforms {
		all = append(all, p.os+" "+p.arch)
	}
	slices.Sort(all)
	return all
}
