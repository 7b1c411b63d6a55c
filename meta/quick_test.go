package meta

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What the quick parser reads is what the other one reads, whatever the text.

func wantSame(t *testing.T, b []byte) (quickly bool) {
	t.Helper()
	quick := quickRecord(b)
	if quick == nil {
		return false
	}
	slow, err := parseObject(b)
	if err != nil {
		t.Fatalf("%q is read quickly, and is no record: %v", b, err)
	}
	if !reflect.DeepEqual(quick, slow) {
		t.Fatalf("%q is read quickly as\n     %+v\nand it is\n     %+v", b, quick, slow)
	}
	return true
}

func FuzzQuick(f *testing.F) {
	for range 20 {
		f.Add(usual(f, rand.Uint32()))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		wantSame(t, b)
		wantSame(t, append([]byte(beginning), b...)) // most of what is tried begins otherwise
	})
}

// usual is a record as Encode writes it, without labels and unknown keys. Each
// bit of which says whether it has something that it need not have.
func usual(t testing.TB, which uint32) []byte {
	t.Helper()
	bit := func() (set bool) {
		set = which&1 != 0
		which >>= 1
		return set
	}
	text := func(s string) string {
		if bit() {
			return s
		}
		return ""
	}
	r := Record{
		Kind: text(KindSoft), Token: "0190f6a2-7c31-4f0e-9d4b-3c1f2a5b6e7d", PID: 1 + int(which%10), Hostname: text("host-1.example"),
		Instance: text("0b31c8a438120ea871b75f5f870ed19b"), OnBehalf: bit(), Created: time.Unix(1741523696, int64(which%1000)).UTC(),
		Start: text("123456"), BootID: text("38264c03-9f50-4277-a635-696b727be61e"), MachineID: text("3d1219c7"),
		PIDNamespace: text("4026531836"), TimeNamespace: text("4026531834"), User: text("root"), Program: text("a program {, : }"),
		KernelLock: bit(), Inode: text("18446744073709551615"), Filesystem: text("ext4"), Device: text("27"), Note: text("a note\x7f"),
	}
	if bit() {
		r.LeaseMS = 1<<63 - 1
	}
	if bit() {
		r.Fence = 1<<64 - 1
	}
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What this program writes is read quickly, or the quick parser is of no use.
func TestUsualRecordsAreReadQuickly(t *testing.T) {
	for which := range uint32(1 << 18) {
		if which%31 != 0 && which&(which-1) != 0 {
			continue
		}
		if b := usual(t, which); !wantSame(t, b) || !wantSame(t, bytes.TrimSuffix(b, []byte("\n"))) {
			t.Fatalf("%s is not read quickly", b)
		}
	}
}

// Every byte of a record is replaced, dropped and doubled, its parts are left
// out and exchanged: only what is still a record is read.
func TestWhatIsNearlyUsualIsReadAlike(t *testing.T) {
	for _, which := range []uint32{0, 1<<18 - 1, 0x15555, 0x2aaaa, 3<<16 | 1} {
		b := usual(t, which)
		for i := range b {
			for _, c := range []byte("\x00\x1f \n\"\\,:{}0159atf-\x7f\x80\xc3\xff") {
				wantSame(t, slices.Concat(b[:i], []byte{c}, b[i+1:]))
				wantSame(t, slices.Concat(b[:i], []byte{c}, b[i:]))
			}
			wantSame(t, slices.Delete(slices.Clone(b), i, i+1))
			wantSame(t, b[:i])
			wantSame(t, append(slices.Clone(b[:i]), '}'))
			wantSame(t, append(slices.Clone(b[:i]), "}\n"...))
		}
		members := strings.Split(strings.TrimSuffix(string(b[1:]), "}\n"), `,"`)
		join := func(m []string) []byte { return []byte("{" + strings.Join(m, `,"`) + "}\n") }
		for i := range members {
			wantSame(t, join(slices.Delete(slices.Clone(members), i, i+1)))
			wantSame(t, join(slices.Insert(slices.Clone(members), i, members[i])))
			key, _, _ := strings.Cut(members[i], ":")
			for _, value := range []string{"", "true", "false", "null", `""`, `"0"`, "0", "1", "01", "-1", "1.5", "1e3", strconv.Itoa(maxPID), "4294967296", "9223372036854775808", "18446744073709551616", "[]", "{}", `"a"b"`} {
				m := slices.Clone(members)
				m[i] = key + ":" + value
				wantSame(t, join(m))
			}
			for j := range i {
				m := slices.Clone(members)
				m[i], m[j] = m[j], m[i]
				wantSame(t, join(m))
			}
		}
	}
}
