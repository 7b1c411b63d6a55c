package leaks

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// tests stand for a *testing.M.
type tests func() int

func (f tests) Run() int { return f() }

const (
	soon = time.Millisecond // what is left is left until the test ends it
	late = time.Minute      // what is about to end does
)

func run(f tests, patience time.Duration) (code int, said string) {
	var out bytes.Buffer
	code = check(f, &out, patience)
	return code, out.String()
}

func TestNothingLeftIsNothingSaid(t *testing.T) {
	code, said := run(func() int {
		done := make(chan struct{})
		go close(done)
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Error(err)
		}
		_ = f.Close()
		<-done
		return 0
	}, late)
	if code != 0 || said != "" {
		t.Errorf("exit code %d, %q", code, said)
	}
}

func TestAGoroutineThatIsLeftIsShownWithItsStack(t *testing.T) {
	end := make(chan struct{})
	defer close(end)
	code, said := run(func() int {
		go forgotten(end)
		return 0
	}, soon)
	if code != 1 || !strings.Contains(said, "leaks.forgotten(") || strings.Contains(said, "TestAGoroutineThatIsLeftIsShownWithItsStack(") {
		t.Errorf("exit code %d, %s", code, said)
	}
}

func forgotten(end chan struct{}) { <-end }

func TestAGoroutineThatIsAboutToEndIsGivenTime(t *testing.T) {
	code, said := run(func() int {
		go func() {
			for range 10_000 {
				runtime.Gosched()
			}
		}()
		return 0
	}, late)
	if code != 0 {
		t.Errorf("exit code %d, %s", code, said)
	}
}

func TestADescriptorThatIsLeftIsNamed(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("descriptors are not known here")
	}
	path := t.TempDir() + "/left"
	var f *os.File
	code, said := run(func() (code int) {
		var err error
		if f, err = os.Create(path); err != nil {
			t.Error(err)
		}
		return 0
	}, soon)
	_ = f.Close()
	if code != 1 || !strings.Contains(said, ": "+path+"\n") {
		t.Errorf("exit code %d, %s", code, said)
	}
}

func TestADescriptorOfAnotherFileUnderAnOldNumberIsLeft(t *testing.T) {
	left := leftDescriptors(map[string]string{"3": "/old", "4": "/kept"}, map[string]string{"3": "/new", "4": "/kept", "5": "anon_inode:[eventpoll]"})
	if len(left) != 1 || !strings.Contains(left[0], "/new") {
		t.Errorf("left: %q", left)
	}
}

func TestAFailureStandsWhateverIsLeft(t *testing.T) {
	end := make(chan struct{})
	defer close(end)
	code, said := run(func() int {
		go forgotten(end)
		return 3
	}, soon)
	if code != 3 || said != "" {
		t.Errorf("exit code %d, %q", code, said)
	}
}
