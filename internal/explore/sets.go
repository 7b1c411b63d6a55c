package explore

import "strings"

// Sets are the configurations that are gone through together.
var Sets = map[string]func() []*Config{
	"short": func() []*Config { return set(small) },
	"ci":    func() []*Config { return set(small, bounds) },
	"long":  func() []*Config { return set(small, bounds, larger) },
}

func set(of ...func(*Model) []*Config) (all []*Config) {
	for _, m := range Models {
		for _, f := range of {
			all = append(all, f(m)...)
		}
	}
	return all
}

// small is everything that two and three processes of any kinds can do, and
// whether somebody is stuck for ever.
func small(m *Model) (all []*Config) {
	for _, actors := range []string{
		"soft try", "soft grant", "soft file2", "try break", "try reap", "spare soft", "grant grant", "grant break",
		"file2 file2", "file shared", "soft shared", "grant file2", "spare grant", "spare break",
		"try inspect", "grant inspect",
	} {
		c := config(m, actors, 2, 2)
		// What a lost reply left behind, somebody who reaps nobody waits for.
		c.Stuck = !m.Lossy || !strings.Contains(actors, "spare")
		if strings.Contains(actors, "spare") || m.Containers && strings.Contains(actors, "grant") {
			c.Crashes = 0 // the dead are left to others, and waited for
		}
		all = append(all, c)
		if !m.Reuse {
			c := config(m, actors, 2, 2)
			c.Restart = true
			all = append(all, c)
		}
	}
	for _, actors := range []string{
		"park-soft soft", "park-soft file2", "park-excl shared", "park-file soft", "park-file file2", "park-file grant",
		"park-shared hand", "park-file hand", "hand soft", "hand grant",
	} {
		c := config(m, actors, 2, 2)
		c.Stuck = !m.Containers || !strings.Contains(actors, "grant")
		all = append(all, c)
	}
	for _, actors := range []string{
		"soft soft soft", "soft try grant", "try file break", "soft spare reap", "file2 shared grant",
		"park-soft soft try", "park-excl shared soft",
	} {
		c := config(m, actors, 1, 2)
		c.Stuck = !m.Reuse && !m.Containers && !strings.Contains(actors, "spare")
		all = append(all, c)
	}
	return all
}

// bounds are those that every change is held against: three processes for two
// rounds, four for one, two of them killed.
func bounds(m *Model) (all []*Config) {
	all = append(all, config(m, "soft soft soft", 2, 2), config(m, "try try try", 2, 2), config(m, "soft soft soft soft", 1, 2))
	all = append(all, config(m, "park-file hand park-shared", 1, 2))
	if m.Reuse || m.Lossy {
		return all // there are ten times as many states there
	}
	return append(append(all, mixes(m)...), woken(m)...)
}

func mixes(m *Model) (all []*Config) {
	for _, actors := range []string{"soft try grant", "soft soft file2", "soft grant break", "try file shared", "soft spare reap", "soft grant inspect"} {
		all = append(all, config(m, actors, 2, 2))
	}
	return all
}

// woken are waiters whom the kernel wakes, with the others.
func woken(m *Model) (all []*Config) {
	for _, actors := range []string{"park-file soft grant", "hand soft break", "park-file file2 try", "park-file park-file hand"} {
		all = append(all, config(m, actors, 1, 2))
	}
	for _, actors := range []string{"park-file soft", "park-file grant", "hand soft", "hand grant"} {
		c := config(m, actors, 2, 2)
		c.Restart = true
		all = append(all, c)
	}
	return append(all, config(m, "park-soft soft try", 2, 2), config(m, "park-excl shared soft", 2, 2))
}

// larger takes hours, and 10 GiB.
func larger(m *Model) (all []*Config) {
	if m.Reuse || m.Lossy {
		all = append(mixes(m), woken(m)...)
	}
	for _, actors := range []string{"soft soft soft", "soft soft file2"} {
		all = append(all, config(m, actors, 3, 3))
	}
	for _, actors := range []string{"soft try grant break", "soft soft file shared", "soft soft grant file2"} {
		all = append(all, config(m, actors, 1, 2))
	}
	all = append(all, config(m, "grant grant grant", 2, 2), config(m, "soft soft soft soft", 2, 2))
	c := config(m, "soft soft soft", 2, 2)
	c.Restart = true
	return append(all, c)
}

func config(m *Model, actors string, rounds, crashes int) *Config {
	c := &Config{Model: m, Rounds: rounds, Crashes: crashes}
	for _, name := range strings.Fields(actors) {
		c.Actors = append(c.Actors, ProgramNamed(name))
	}
	return c
}
