package net

import "slices"

// Sets are the configurations that are gone through together.
var Sets = map[string]func() []*Config{
	"short": func() []*Config { return small },
	"ci":    func() []*Config { return slices.Concat(small, bounds) },
	"long":  func() []*Config { return slices.Concat(small, bounds, larger) },
}

var (
	small = []*Config{
		{Actors: Named("lease lease"), Hosts: "ab", Rounds: 1, Crashes: 1, Pauses: 1},
	}
	bounds = []*Config{}
	larger = []*Config{}
)
