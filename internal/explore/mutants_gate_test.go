package explore

import (
	"os/exec"
	"slices"
	"testing"
)

var mutants = slices.Concat(lockMutants, gateMutants, netMutants)

// withoutOrder, at the end of a mutant's flags, builds it as for systems whose
// kernel has no order locks.
const withoutOrder = ", built without order locks"

const (
	gateGo   = "lock/gate.go"
	threadGo = "lock/thread.go"
)

// gateMutants are the steps of the gate.
var gateMutants = []mutant{
	{"gate: who waits at it has its order lock, shared", gateGo,
		"	if err := f.OrderLock(fsys.Presence, fsys.Shared, false); err != nil",
		"	if err := error(nil); err != nil",
		`-gate "stays stays" -rounds 1 -crashes 0`, "a gate is removed at which another waits"},
	{"gate: who removes it has the order lock exclusively", gateGo,
		"		return g.file.OrderLock(fsys.Presence, fsys.Exclusive, false)\n",
		"		return nil\n",
		`-gate "stays stays" -rounds 1 -crashes 0`, "somebody removes a gate that is not his"},
	{"gate: the path still names it when a thread is let through", gateGo,
		"			if named, err = g.named(); named {\n				return g, nil",
		"			if named, err = g.named(); named || true {\n				return g, nil",
		`-gate "stays stays stays" -rounds 1 -crashes 0`, "two are through the gate at once"},
	{"gate: the path still names it when it is free at once", threadGo,
		"			if named, err = g.named(); named {\n				f.gate = g",
		"			if named, err = g.named(); named || true {\n				f.gate = g",
		`-gate "stays stays stays" -rounds 1 -crashes 0`, "two are through the gate at once"},
	{"gate: the order lock is kept until the file is gone", gateGo,
		"		err = g.remove()\n",
		"		_ = g.file.OrderUnlock()\n		err = g.remove()\n",
		`-gate "stays stays" -rounds 1 -crashes 0`, "somebody removes a gate that is not his"},
	{"gate: the last one removes it", gateGo,
		"		err = g.remove()\n",
		"		_ = g.remove\n",
		`-gate "stays" -rounds 1 -crashes 0`, "the gate is left"},
	{"gate: who leaves is not present any more when he asks who is", gateGo,
		"		if err = g.file.OrderUnlock(); err == nil {",
		"		if err == nil {",
		`-gate "waits waits" -rounds 1 -crashes 0`, "the gate is left"},
	{"gate: a thread that nobody waits for leaves the gate that it has open", gateGo,
		"	if g != nil {\n		g.leave()\n	}\n	return nil, nil",
		"	if g != nil {\n		return nil, g.close()\n	}\n	return nil, nil",
		`-gate "waits waits" -rounds 1 -crashes 0`, "the gate is left"},
	{"gate: what nobody waits for any more is left", threadGo,
		"			p.gate.leave()",
		"			_ = p.gate",
		`-gate "waits waits" -rounds 1 -crashes 0`, "a program has ended with the gate open"},
	{"gate: without order locks it is removed under its kernel lock", gateGo,
		"		err = g.file.TryLock(fsys.Exclusive)\n",
		"		err = nil\n",
		`-gate "stays stays" -rounds 1 -crashes 0` + withoutOrder, "somebody removes a gate that is not his"},
}

// Where there are no order locks nothing goes wrong at the gate either.
func TestTheGateWithoutOrderLocks(t *testing.T) {
	if raceDetector {
		return // the mutant is a program of its own
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command to build it with")
	}
	for _, flags := range []string{
		`-gate "waits waits" -rounds 2 -crashes 2 -restart`, `-gate "waits stays comes" -rounds 1 -crashes 1`, `-gate "waits stays rm" -rounds 1 -crashes 1`,
	} {
		m := mutant{"", orderGo, "const orderLocks = true", "const orderLocks = false", flags, ""}
		if out, killed := m.run(t, root(t)); killed {
			t.Errorf("%s", out)
		}
	}
}
