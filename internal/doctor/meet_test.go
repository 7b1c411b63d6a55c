package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// What a killed leader left at the meeting place keeps nobody from meeting.
func TestAMeetingOfTheDeadIsTakenOver(t *testing.T) {
	needLocal(t)
	for name, text := range map[string]string{
		"empty":         "",
		"nonsense":      "\x00\xff\n",
		"outside":       `{"id":"../../../../etc","mail":"../x","host":"h","pid":1}` + "\n",
		"nothing there": `{"id":"0123456789abcdef","mail":"fedcba9876543210","host":"h","pid":1}` + "\n.....",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			meetsAfter(t, func(dir string) { must(t, os.WriteFile(filepath.Join(dir, meetingFile), []byte(text), 0o600)) })
		})
	}
	t.Run("a bench and no leader", func(t *testing.T) {
		t.Parallel()
		meetsAfter(t, func(dir string) {
			for _, id := range []string{"0123456789abcdef", "fedcba9876543210"} {
				must(t, os.Mkdir(filepath.Join(dir, benchPrefix+id), 0o700))
			}
			for _, box := range []string{leaderBox, guestBox} {
				must(t, os.WriteFile(filepath.Join(dir, benchPrefix+"fedcba9876543210", box), nil, 0o600))
			}
			must(t, os.WriteFile(filepath.Join(dir, meetingFile), []byte(`{"id":"0123456789abcdef","mail":"fedcba9876543210","host":"h","pid":1}`+"\n"), 0o600))
		})
	})
}

// meetsAfter has two meet in a directory in which something is.
func meetsAfter(t *testing.T, prepare func(dir string)) {
	t.Helper()
	dir := t.TempDir()
	prepare(dir)
	var wg sync.WaitGroup
	var pairs [2]*pair
	var errs [2]error
	for i := range pairs {
		wg.Go(func() {
			b := benchAt(dir, "", Options{FS: fsys.Real, Wait: patient})
			pairs[i], errs[i] = b.meet(context.Background())
		})
	}
	wg.Wait()
	must(t, errors.Join(errs[:]...))
	if pairs[0].leads == pairs[1].leads || pairs[0].b.path != pairs[1].b.path {
		t.Errorf("they did not meet: %+v %+v", pairs[0], pairs[1])
	}
	clearAll(t, pairs[:]...)
	wantEmpty(t, dir)
}

// Of a claim whose maker died before it said anything a leader learns nothing:
// whoever comes next takes the meeting over, and the leader joins in.
func TestALeaderWhoseGuestDiedMeetsTheNext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var pairs [2]*pair
	var errs [2]error
	var wg sync.WaitGroup
	meet := func(i int) {
		wg.Go(func() {
			b := benchAt(dir, "", Options{FS: fsys.Real, Wait: patient})
			pairs[i], errs[i] = b.meet(context.Background())
		})
	}
	meet(0)
	for end := time.Now().Add(patient); ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(filepath.Join(dir, meetingFile))
		var g greeting
		if err == nil && json.Unmarshal(text, &g) == nil {
			must(t, os.WriteFile(filepath.Join(dir, benchPrefix+g.Mail, claimFile), nil, 0o600))
			break
		}
		if time.Now().After(end) {
			t.Fatal("nobody leads")
		}
	}
	meet(1)
	wg.Wait()
	must(t, errors.Join(errs[:]...))
	if pairs[0].leads == pairs[1].leads || pairs[0].b.path != pairs[1].b.path {
		t.Errorf("they did not meet: %+v %+v", pairs[0], pairs[1])
	}
	clearAll(t, pairs[:]...)
	wantEmpty(t, dir)
}
