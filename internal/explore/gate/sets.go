package gate

import "slices"

// Sets are the configurations that are gone through together.
var Sets = map[string]func() []*Config{
	"short": func() []*Config { return small },
	"ci":    func() []*Config { return slices.Concat(small, bounds) },
	"long":  func() []*Config { return slices.Concat(small, bounds, larger) },
}

var (
	small = []*Config{
		{Actors: Named("waits waits"), Rounds: 2},
		{Actors: Named("waits comes"), Rounds: 2, Crashes: 2, Restart: true},
		{Actors: Named("stays comes tries"), Rounds: 1, Crashes: 2, Restart: true},
		{Actors: Named("waits stays comes"), Rounds: 1, Crashes: 1},
		{Actors: Named("waits stays rm"), Rounds: 1, Crashes: 1},
	}
	bounds = []*Config{
		{Actors: Named("waits waits"), Rounds: 2, Crashes: 2, Restart: true},
		{Actors: Named("waits waits waits"), Rounds: 1, Crashes: 1},
		{Actors: Named("waits comes stays tries"), Rounds: 1},
		{Actors: Named("comes comes stays stays"), Rounds: 1, Crashes: 1},
	}
	larger = []*Config{
		{Actors: Named("waits waits waits"), Rounds: 1, Crashes: 3},
		{Actors: Named("waits waits comes"), Rounds: 2},
		{Actors: Named("stays stays comes"), Rounds: 2, Crashes: 2, Restart: true},
	}
)
