package reaper

import (
	"context"
	"errors"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
)

// Holders is [Holders] in the reaper's world.
func (r *Reaper) Holders(ctx context.Context, st Status) ([]Holder, error) {
	if !st.Exists {
		return nil, nil
	}
	var out []Holder
	seen := map[int]bool{}
	add := func(pid int, by string) {
		if seen[pid] {
			return
		}
		seen[pid] = true
		d := meta.Describe(pid)
		out = append(out, Holder{PID: pid, Program: d.Program, User: d.User, KnownBy: by})
	}
	found, err := fsys.Holders(ctx, st.info.ID)
	if errors.Is(err, errors.ErrUnsupported) {
		err = nil // only Linux says; the record may still name the owner
	}
	for _, h := range found {
		add(h.PID, h.KnownBy)
	}
	if rec := st.Record; rec != nil && rec.Kind != meta.KindFile && st.State == Held {
		if k := r.kinship(rec); k.near && !k.dead {
			add(rec.PID, "record")
		}
	}
	return out, err
}
