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
		{Actors: Named("lease lease"), Hosts: "ab", Rounds: 2, Crashes: 2, Pauses: 1, Halves: true, Stuck: true},
		{Actors: Named("lease lease"), Hosts: "aa", Rounds: 1, Crashes: 1, Pauses: 1, Touch: true},
		{Actors: Named("lease lease"), Hosts: "ab", Rounds: 1, Crashes: 1, Pauses: 1, Losses: 1},
		{Actors: Named("waits fenced"), Hosts: "ab", Rounds: 1, Crashes: 1, Pauses: 1, Stale: 1},
		{Actors: Named("brief brief"), Hosts: "ab", Rounds: 1, Crashes: 1, Pauses: 1},
		{Actors: Named("endless grant"), Hosts: "aa", Rounds: 1, Crashes: 2, Pauses: 1},
		{Actors: Named("lease break"), Hosts: "ab", Rounds: 1, Crashes: 2, Pauses: 1, Aside: true},
		{Actors: Named("lease reap"), Hosts: "ab", Rounds: 1, Crashes: 2, Pauses: 1},
		{Actors: Named("lease lease lease"), Hosts: "abc", Rounds: 1, Crashes: 1},
	}
	bounds = []*Config{
		{Actors: Named("lease lease"), Hosts: "ab", Rounds: 1, Crashes: 1, Pauses: 2},
		{Actors: Named("lease lease"), Hosts: "ab", Rounds: 2, Crashes: 2, Pauses: 2, Halves: true},
		{Actors: Named("lease lease"), Hosts: "ab", Rounds: 2, Crashes: 1, Pauses: 1, Losses: 2},
		{Actors: Named("lease lease"), Hosts: "ab", Rounds: 2, Crashes: 1, Pauses: 1, Stale: 2},
		{Actors: Named("fenced fenced"), Hosts: "ab", Rounds: 2, Crashes: 1, Pauses: 1, Losses: 1},
		{Actors: Named("endless grant"), Hosts: "aa", Rounds: 2, Crashes: 2, Pauses: 1, Halves: true},
		{Actors: Named("lease lease lease"), Hosts: "abc", Rounds: 1, Crashes: 2, Pauses: 1},
		{Actors: Named("lease endless grant"), Hosts: "aaa", Rounds: 1, Crashes: 1, Halves: true},
		{Actors: Named("lease reap break"), Hosts: "aab", Rounds: 1, Crashes: 1, Pauses: 1},
		{Actors: Named("lease lease lease"), Hosts: "abc", Rounds: 1, Crashes: 1, Losses: 1},
		{Actors: Named("lease lease lease"), Hosts: "abc", Rounds: 1, Crashes: 1, Stale: 1},
	}
	larger = []*Config{
		{Actors: Named("lease waits brief"), Hosts: "aab", Rounds: 1, Crashes: 1, Pauses: 1},
		{Actors: Named("lease waits lease"), Hosts: "aab", Rounds: 1, Crashes: 1, Pauses: 1, Halves: true},
		{Actors: Named("endless grant"), Hosts: "aa", Rounds: 2, Crashes: 2, Pauses: 2, Halves: true},
		{Actors: Named("lease grant"), Hosts: "aa", Rounds: 2, Crashes: 2, Pauses: 2, Halves: true},
		{Actors: Named("lease lease lease"), Hosts: "abc", Rounds: 2, Crashes: 1, Pauses: 1},
		{Actors: Named("lease lease lease"), Hosts: "abc", Rounds: 1, Crashes: 1, Pauses: 1, Losses: 1},
		{Actors: Named("lease lease lease"), Hosts: "abc", Rounds: 1, Crashes: 1, Pauses: 1, Stale: 1},
	}
)
