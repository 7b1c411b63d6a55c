package meta_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/meta"
)

const token = "0190f6a2-7b3c-4d5e-8f90-a1b2c3d4e5f6"

// full has every key.
func full() meta.Record {
	return meta.Record{
		Format: meta.Format, Kind: meta.KindSoft, Token: token, PID: 4711, Hostname: "worker-3",
		Instance: "00112233445566778899aabbccddeeff", OnBehalf: true,
		Created: time.Date(2025, 3, 9, 12, 34, 56, 123456789, time.UTC),
		Start:   "18446744073709551615", BootID: "6f1c1f0e-3a55-4d8c-9c4b-0d5a4a3b2c1d", MachineID: "0123456789abcdef0123456789abcdef",
		PIDNamespace: "4026531836", TimeNamespace: "4026531834",
		User: "üser", Program: "nightly<&>", KernelLock: true, Inode: "9007199254740993", Filesystem: "ext4", Device: "64768",
		LeaseMS: 60000, Fence: math.MaxUint64, Note: "say \"hi\"\n\t\\ \x01\x7f\u2028", Labels: map[string]string{"b": "2", "a": "1", "": ""},
		Extra: map[string]json.RawMessage{"y_future": json.RawMessage(`{"n":[1,2.5e3,null,"<"]}`), "x_future": json.RawMessage(`true`)},
	}
}

func least() meta.Record {
	return meta.Record{Format: meta.Format, Token: token, PID: 1, Created: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func encode(t testing.TB, r meta.Record) []byte {
	t.Helper()
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(t testing.TB, b []byte) meta.Record {
	t.Helper()
	c := meta.Parse(b)
	if c.Class != meta.Complete {
		t.Fatalf("%q is %v: %s", b, c.Class, c.Reason)
	}
	return *c.Record
}

func TestEncodeWritesTheGoldenRecords(t *testing.T) {
	for name, r := range map[string]meta.Record{"full.lock": full(), "least.lock": least()} {
		path := filepath.Join("testdata", name)
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := encode(t, r); !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", path, got, want)
		}
		if got := parse(t, want); !reflect.DeepEqual(got, r) {
			t.Errorf("%s:\n got %+v\nwant %+v", path, got, r)
		}
	}
}

func TestTheRecordOnTheWireHasNoFieldLess(t *testing.T) {
	v := reflect.ValueOf(full())
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("the golden record lacks %s", v.Type().Field(i).Name)
		}
	}
}

func TestEveryKeyIsLeftOutWhenItsFieldIsZero(t *testing.T) {
	required := map[string]bool{"Format": true, "Token": true, "PID": true, "Hostname": true, "Created": true}
	v := reflect.ValueOf(full())
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if required[name] {
			continue
		}
		r := full()
		reflect.ValueOf(&r).Elem().Field(i).SetZero()
		b := encode(t, r)
		if len(b) >= len(encode(t, full())) {
			t.Errorf("without %s the record is no shorter", name)
		}
		if got := parse(t, b); !reflect.DeepEqual(got, r) {
			t.Errorf("without %s:\n got %+v\nwant %+v", name, got, r)
		}
	}
}

func TestEncodeRefusesWhatParseWould(t *testing.T) {
	for name, change := range map[string]func(r *meta.Record){
		"another format":      func(r *meta.Record) { r.Format = "filelock/2" },
		"no token":            func(r *meta.Record) { r.Token = "" },
		"a hyphen too many":   func(r *meta.Record) { r.Token = token[:35] + "-" },
		"a hyphen elsewhere":  func(r *meta.Record) { r.Token = token[:8] + token[9:12] + "--" + token[13:] },
		"a hyphen too few":    func(r *meta.Record) { r.Token = token[:8] + "0" + token[9:] },
		"upper case token":    func(r *meta.Record) { r.Token = strings.ToUpper(token) },
		"no pid":              func(r *meta.Record) { r.PID = 0 },
		"negative pid":        func(r *meta.Record) { r.PID = -1 },
		"start in words":      func(r *meta.Record) { r.Start = "noon" },
		"negative start":      func(r *meta.Record) { r.Start = "-1" },
		"21 digits":           func(r *meta.Record) { r.Inode = strings.Repeat("1", 21) },
		"device as two":       func(r *meta.Record) { r.Device = "253:0" },
		"pid namespace":       func(r *meta.Record) { r.PIDNamespace = "pid:[4026531836]" },
		"time namespace":      func(r *meta.Record) { r.TimeNamespace = "0x1" },
		"negative lease":      func(r *meta.Record) { r.LeaseMS = -1 },
		"year 10000":          func(r *meta.Record) { r.Created = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"year 10000 in UTC":   func(r *meta.Record) { r.Created = time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -3600*8)) },
		"extra known key":     func(r *meta.Record) { r.Extra = map[string]json.RawMessage{"pid": json.RawMessage("1")} },
		"extra format":        func(r *meta.Record) { r.Extra = map[string]json.RawMessage{"format": json.RawMessage("1")} },
		"extra empty":         func(r *meta.Record) { r.Extra = map[string]json.RawMessage{"x": nil} },
		"extra two values":    func(r *meta.Record) { r.Extra = map[string]json.RawMessage{"x": json.RawMessage("1 2")} },
		"extra bad UTF-8":     func(r *meta.Record) { r.Extra = map[string]json.RawMessage{"x": json.RawMessage("\"\xff\"")} },
		"extra injection":     func(r *meta.Record) { r.Extra = map[string]json.RawMessage{"x": json.RawMessage(`1,"y":2`)} },
		"extra very deep":     func(r *meta.Record) { r.Extra = map[string]json.RawMessage{"x": json.RawMessage(nested(100_000))} },
		"labels that collide": func(r *meta.Record) { r.Labels = map[string]string{"\xff": "1", "\xfe": "2"} },
		"extras that collide": func(r *meta.Record) {
			r.Extra = map[string]json.RawMessage{"\xff": json.RawMessage("1"), "\xfe": json.RawMessage("2")}
		},
	} {
		r := full()
		change(&r)
		if b, err := r.Encode(); !errors.Is(err, meta.ErrMalformed) {
			t.Errorf("%s: encoded as %.200q, error %v", name, b, err)
		}
	}
}

func TestEncodeTakesTheLargestRecordAndNoLarger(t *testing.T) {
	r := least()
	r.Note = "x"
	r.Note = strings.Repeat("x", meta.MaxSize-len(encode(t, r))+1)
	b := encode(t, r)
	if len(b) != meta.MaxSize {
		t.Fatalf("the record has %d bytes", len(b))
	}
	parse(t, b)
	parse(t, b[:len(b)-1])
	r.Note += "x"
	if _, err := r.Encode(); !errors.Is(err, meta.ErrTooLarge) {
		t.Errorf("a byte more: %v", err)
	}
}

func TestInvalidUTF8BecomesAReplacementCharacter(t *testing.T) {
	r := least()
	r.Hostname, r.Note, r.Labels = "h\xffst", "\xed\xa0\x80", map[string]string{"k\xc3": "\xf8v"}
	got := parse(t, encode(t, r))
	if got.Hostname != "h\ufffdst" || got.Note != "\ufffd\ufffd\ufffd" || got.Labels["k\ufffd"] != "\ufffdv" {
		t.Errorf("read back as %+v", got)
	}
}

func TestEncodeAllocatesOnce(t *testing.T) {
	r := full()
	r.Labels, r.Extra = nil, nil
	if n := testing.AllocsPerRun(100, func() { _, _ = r.Encode() }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func TestOwnerIsWhatSetOwnerSet(t *testing.T) {
	id := full().Owner()
	v := reflect.ValueOf(id)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("the owner lacks %s", v.Type().Field(i).Name)
		}
	}
	r := least()
	r.SetOwner(id)
	if r.Owner() != id {
		t.Errorf("owner %+v, want %+v", r.Owner(), id)
	}
}

func TestRecordIsTheSameToEncodingJSON(t *testing.T) {
	for _, r := range []meta.Record{full(), least()} {
		for _, marshal := range []func(any) ([]byte, error){
			json.Marshal,
			func(v any) ([]byte, error) { return json.MarshalIndent(v, "", "\t") },
			func(v any) ([]byte, error) { // another order, as from other tools
				b, err := json.Marshal(v)
				if err != nil {
					return nil, err
				}
				var m map[string]json.RawMessage
				if err := json.Unmarshal(b, &m); err != nil {
					return nil, err
				}
				return json.Marshal(m)
			},
		} {
			b, err := marshal(map[string]any{"record": &r})
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ Record *meta.Record }
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatalf("%s: %v", b, err)
			}
			if x := got.Record.Extra["y_future"]; x != nil { // json.Marshal escapes < in it
				got.Record.Extra["y_future"] = bytes.ReplaceAll(x, []byte(`\u003c`), []byte("<"))
			}
			if !reflect.DeepEqual(*got.Record, r) {
				t.Errorf("%s:\n got %+v\nwant %+v", b, *got.Record, r)
			}
		}
	}
	var r meta.Record
	for _, bad := range []string{`{}`, `[]`, `"x"`, `{"format":"filelock/1"}`, `{"format":"filelock/2"}`} {
		if err := json.Unmarshal([]byte(bad), &r); !errors.Is(err, meta.ErrMalformed) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func ExampleRecord_Encode() {
	r := meta.Record{
		Kind:     meta.KindSoft,
		Token:    "0190f6a2-7b3c-4d5e-8f90-a1b2c3d4e5f6",
		PID:      4711,
		Hostname: "worker-3",
		Created:  time.Date(2025, 3, 9, 12, 34, 56, 0, time.UTC),
		Note:     "nightly <import>",
	}
	b, err := r.Encode()
	if err != nil {
		panic(err)
	}
	fmt.Print(string(b))
	// Output:
	// {"format":"filelock/1","kind":"soft","token":"0190f6a2-7b3c-4d5e-8f90-a1b2c3d4e5f6","pid":4711,"hostname":"worker-3","created":"2025-03-09T12:34:56Z","note":"nightly <import>"}
}

func ExampleParse() {
	for _, contents := range []string{
		`{"format":"filelock/1","token":"0190f6a2-7b3c-4d5e-8f90-a1b2c3d4e5f6","pid":4711,"hostname":"worker-3","created":"2025-03-09T12:34:56Z"}` + "\n",
		`{"format":"filelock/1","token":"0190f6a2-`,
		`{"format":"filelock/2","owner":{"pid":4711}}`,
		"      4711\n",
		"hello\n",
	} {
		switch c := meta.Parse([]byte(contents)); c.Class {
		case meta.Complete:
			fmt.Println("a record of pid", c.Record.PID, "on", c.Record.Hostname)
		case meta.Torn:
			fmt.Println("torn")
		case meta.Newer:
			fmt.Println("newer:", c.Version)
		case meta.Foreign:
			fmt.Println("a", c.Foreign.Format, "of pid", c.Foreign.PID)
		default:
			fmt.Println("malformed")
		}
	}
	// Output:
	// a record of pid 4711 on worker-3
	// torn
	// newer: filelock/2
	// a pid file of pid 4711
	// malformed
}
