package meta_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/meta"
)

func TestAFormFilledInIsTheRecordEncoded(t *testing.T) {
	noon := time.Date(2026, 3, 4, 12, 0, 0, 5000, time.FixedZone("", 3600))
	plain := meta.Record{Kind: meta.KindSoft, PID: 7, Hostname: "h\n"}
	full := plain
	full.SetOwner(meta.Self())
	full.Note, full.Labels, full.LeaseMS, full.Fence = "n", map[string]string{"b": "2", "a": "1"}, 10000, 3
	for _, r := range []meta.Record{plain, full, {PID: 1, OnBehalf: true}} {
		form, err := meta.NewForm(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range []meta.Filling{
			{Token: token, Created: noon},
			{Token: token, Created: noon, KernelLock: true, Inode: 1<<64 - 1, Device: 0, Filesystem: "ext4"},
		} {
			want := r
			x.FillIn(&want)
			enc, err := want.Encode()
			if err != nil {
				t.Fatal(err)
			}
			got, err := form.AppendRecord([]byte("> "), &x)
			if err != nil || string(got) != "> "+string(enc) {
				t.Errorf("%v\n%s\n%s", err, got, enc)
			}
		}
	}
}

func TestAFormRefusesWhatEncodeDoes(t *testing.T) {
	if _, err := meta.NewForm(meta.Record{}); !errors.Is(err, meta.ErrMalformed) {
		t.Errorf("no pid: %v", err)
	}
	if _, err := meta.NewForm(meta.Record{PID: 1, Labels: map[string]string{"\xff": "", "\xfe": ""}}); !errors.Is(err, meta.ErrMalformed) {
		t.Errorf("the same label twice: %v", err)
	}
	form, err := meta.NewForm(meta.Record{PID: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []meta.Filling{{}, {Token: "x"}, {Token: token, Created: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}} {
		r := meta.Record{PID: 1}
		x.FillIn(&r)
		_, want := r.Encode()
		if _, err := form.AppendRecord(nil, &x); err == nil || want == nil || err.Error() != want.Error() {
			t.Errorf("%v, want %v", err, want)
		}
	}
	// The size is of the whole, and of nothing before it.
	r := meta.Record{PID: 1, Note: strings.Repeat("n", meta.MaxSize)}
	if form, err = meta.NewForm(r); err != nil {
		t.Fatal(err)
	}
	if _, err := form.AppendRecord(nil, &meta.Filling{Token: token}); !errors.Is(err, meta.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	short := r
	short.Token, short.Note = token, ""
	b, err := short.Encode()
	if err != nil {
		t.Fatal(err)
	}
	r.Note = r.Note[:meta.MaxSize-len(b)-len(`,"note":""`)]
	if form, err = meta.NewForm(r); err != nil {
		t.Fatal(err)
	}
	if b, err := form.AppendRecord([]byte("before"), &meta.Filling{Token: token}); err != nil || len(b) != len("before")+meta.MaxSize {
		t.Errorf("the largest: %d, %v", len(b), err)
	}
}
