package meta

import (
	"slices"
	"strings"
	"testing"
)

func TestProcStatIsReadBehindAnyName(t *testing.T) {
	rest := " S 1 2 3 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000 200 18446744073709551615 1"
	for _, name := range []string{"sh", "", "a b", "(", ")", "))) R 1 1", ") S 1 2 3 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 1 1", "\n)\x00 ("} {
		if start, err := parseProcStat([]byte("4711 (" + name + ")" + rest + "\n")); err != nil || start != "987654" {
			t.Errorf("named %q: %q, %v", name, start, err)
		}
	}
	for _, bad := range []string{"", "4711", "4711 (sh)", "4711 (sh", strings.Replace("4711 (sh)"+rest, "987654", "-1", 1), "4711 (sh) S 1 2 3 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0"} {
		if start, err := parseProcStat([]byte(bad)); err == nil {
			t.Errorf("%q: %q", bad, start)
		}
	}
}

func TestProcIsBelievedOnlyWhenItShowsOurOwnPids(t *testing.T) {
	status := func(tgids string) []byte {
		return []byte("Name:\tNStgid:\\n7\nTgid:\t4711\nNStgid:\t" + tgids + "\nNSpid:\t1\t2\t3\n")
	}
	for _, c := range []struct {
		link   string
		status []byte
		want   bool
	}{
		{"4711", status("4711"), true},
		{"4711", []byte("Name:\tsh\nTgid:\t4711\n"), true}, // before 4.1
		{"4711", status("4711\t4711"), false},              // the same number by chance, an outer /proc
		{"815", status("815\t4711"), false},
		{"815", status("4711"), false},
		{"", status("4711"), false},
	} {
		if got := isProcOf(4711, c.link, c.status); got != c.want {
			t.Errorf("%q, %q: %v", c.link, c.status, got)
		}
	}
	if got := procStatusField([]byte("Name:\tx\nUid:\t1\t2\t3\t4\n"), "Uid"); !slices.Equal(got, []string{"1", "2", "3", "4"}) {
		t.Errorf("Uid is %q", got)
	}
}

func TestMachineIDIsAbsentUnlessItIsOne(t *testing.T) {
	id := "0123456789abcdef0123456789abcdef"
	for in, want := range map[string]string{
		id: id, id + "\n": id,
		"": "", "\n": "", "uninitialized\n": "", id[1:]: "", id + "0": "", strings.ToUpper(id): "", " " + id[1:]: "", strings.Repeat("0", 32) + "\n": "", id + "\n\n": "",
	} {
		if got := cleanMachineID([]byte(in)); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestAnIDOfTheKernelIsOneWord(t *testing.T) {
	for in, want := range map[string]string{
		"6F1C-00\n": "6F1C-00", "x\x00": "x", "": "", "a b": "", "a\nb": "", "\x1b[2J": "", "\xff": "", strings.Repeat("x", 129): "",
	} {
		if got := cleanID([]byte(in)); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestAUUIDThatWasNeverSetIsNone(t *testing.T) {
	const set = "8c4a2f5e-0000-0000-0000-000000000000"
	if got := uuidOf("00000000-0000-0000-0000-000000000000"); got != "" || uuidOf(set) != set || uuidOf("") != "" {
		t.Errorf("it is %q", got)
	}
}

func TestUnknownIsEqualToNothing(t *testing.T) {
	a := Identity{BootID: "b", MachineID: "m", PIDNamespace: "1", TimeNamespace: "2"}
	if !SameKernel(a, a) || !SamePIDNamespace(a, a) || !SameTimeNamespace(a, a) {
		t.Error("an identity differs from itself")
	}
	for _, change := range []func(*Identity){
		func(i *Identity) { i.BootID = "" }, func(i *Identity) { i.BootID = "x" }, func(i *Identity) { i.MachineID = "" }, func(i *Identity) { i.MachineID = "x" },
	} {
		b := a
		change(&b)
		if SameKernel(a, b) || SameKernel(b, a) || b.BootID+b.MachineID != "bx" && b.BootID+b.MachineID != "xm" && SameKernel(b, b) {
			t.Errorf("%+v is of the same kernel as %+v", a, b)
		}
	}
	for _, other := range []string{"", "x"} {
		b := a
		b.PIDNamespace, b.TimeNamespace = other, other
		if SamePIDNamespace(a, b) || SamePIDNamespace(b, a) || SameTimeNamespace(a, b) || SameTimeNamespace(b, a) {
			t.Errorf("%+v is in the same namespaces as %+v", a, b)
		}
	}
	if SamePIDNamespace(Identity{}, Identity{}) == hasPIDNamespaces() || SameTimeNamespace(Identity{}, Identity{}) == hasTimeNamespaces() {
		t.Error("absent namespaces are equal where there are some, or differ where there are none")
	}
}

func TestStartsDifferByMoreThanOneUnit(t *testing.T) {
	for _, c := range []struct {
		a, b                string
		differs, comparable bool
	}{
		{"100", "100", false, true}, {"100", "101", false, true}, {"101", "100", false, true}, {"100", "102", true, true}, {"102", "100", true, true},
		{"0", "18446744073709551615", true, true}, {"18446744073709551614", "18446744073709551615", false, true}, {"007", "7", false, true},
		{"", "1", false, false}, {"1", "", false, false}, {"", "", false, false}, {"1", "x", false, false}, {"-1", "5", false, false}, {"99999999999999999999", "5", false, false},
	} {
		if d, ok := StartDiffers(c.a, c.b); d != c.differs || ok != c.comparable {
			t.Errorf("%q and %q: %v, %v", c.a, c.b, d, ok)
		}
	}
}
