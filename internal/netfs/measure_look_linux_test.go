package netfs

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"sync"
	"time"
)

// mostStale is how long a look may go on: longer than any cache of attributes
// keeps them by default (60 s, see nfs(5)).
const mostStale = 90 * time.Second

// sight is a way to see that another client has changed something.
type sight struct {
	kind   string
	before bool // the file is there before the change
	change func(f *os.File, p string) error
	see    func(f *os.File, p string, before time.Time) (bool, error)
}

func create(_ *os.File, p string) error { return os.WriteFile(p, []byte("x"), 0o644) }
func remove(_ *os.File, p string) error { return os.Remove(p) }
func touch(f *os.File, _ string) error  { return touchFile(f) }

var sights = []sight{
	{"new-file-by-stat", false, create, func(_ *os.File, p string, _ time.Time) (bool, error) {
		_, err := os.Stat(p)
		return err == nil, nil
	}},
	{"new-file-by-open", false, create, func(_ *os.File, p string, _ time.Time) (bool, error) {
		f, err := os.Open(p)
		if err == nil {
			_ = f.Close()
		}
		return err == nil, nil
	}},
	{"new-file-by-readdir", false, create, func(_ *os.File, p string, _ time.Time) (bool, error) {
		names, err := os.ReadDir(path.Dir(p))
		for _, n := range names {
			if n.Name() == path.Base(p) {
				return true, err
			}
		}
		return false, err
	}},
	{"touch-by-stat", true, touch, func(_ *os.File, p string, before time.Time) (bool, error) {
		i, err := os.Stat(p)
		return err == nil && !i.ModTime().Equal(before), err
	}},
	{"touch-by-open+fstat", true, touch, func(_ *os.File, p string, before time.Time) (bool, error) {
		f, err := os.Open(p)
		if err != nil {
			return false, err
		}
		defer f.Close()
		i, err := f.Stat()
		return err == nil && !i.ModTime().Equal(before), err
	}},
	{"touch-by-fstat-of-a-kept-descriptor", true, touch, func(f *os.File, _ string, before time.Time) (bool, error) {
		i, err := f.Stat()
		return err == nil && !i.ModTime().Equal(before), err
	}},
	{"removed-by-stat", true, remove, func(_ *os.File, p string, _ time.Time) (bool, error) {
		_, err := os.Stat(p)
		return errors.Is(err, fs.ErrNotExist), nil
	}},
	{"removed-by-open", true, remove, func(_ *os.File, p string, _ time.Time) (bool, error) {
		f, err := os.Open(p)
		if err == nil {
			_ = f.Close()
		}
		return errors.Is(err, fs.ErrNotExist), nil
	}},
	{"removed-by-O_EXCL-create", true, remove, func(_ *os.File, p string, _ time.Time) (bool, error) {
		f, err := os.OpenFile(p, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
		if err == nil {
			_ = f.Close()
		}
		return err == nil, nil
	}},
}

func init() {
	// change DIR: makes what sights need before the change; then, at the next line
	// that it reads, makes the changes and says when.
	roles["change"] = func(args []string) error {
		files := map[string]*os.File{}
		for _, s := range sights {
			if s.before {
				f, err := os.OpenFile(path.Join(args[0], s.kind), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
				if err == nil {
					_, err = f.WriteString("x")
				}
				if err == nil {
					err = f.Sync()
				}
				if err != nil {
					return err
				}
				files[s.kind] = f
			}
		}
		fmt.Println("ready")
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			return err
		}
		for _, s := range sights {
			if err := s.change(files[s.kind], path.Join(args[0], s.kind)); err != nil {
				return err
			}
		}
		fmt.Println("changed", time.Now().UnixNano())
		return nil
	}

	// look DIR: says "ready" when it has looked once in every way, and of each when
	// it saw the change.
	roles["look"] = func(args []string) error {
		var once, all sync.WaitGroup
		for _, s := range sights {
			once.Add(1)
			all.Add(1)
			go func() {
				defer all.Done()
				p := path.Join(args[0], s.kind)
				var before time.Time
				var f *os.File
				if s.before && s.kind[:5] == "touch" { // the others' files are not to be open here
					var err error
					if f, err = os.Open(p); err != nil {
						fmt.Println(s.kind, err)
						return
					}
					defer f.Close()
					i, err := f.Stat()
					if err != nil {
						fmt.Println(s.kind, err)
						return
					}
					before = i.ModTime()
				}
				_, _ = s.see(f, p, before)
				once.Done()
				for end := time.Now().Add(mostStale); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
					if seen, _ := s.see(f, p, before); seen {
						fmt.Println(s.kind, time.Now().UnixNano())
						return
					}
				}
				fmt.Println(s.kind, "never")
			}()
		}
		once.Wait()
		fmt.Println("ready")
		all.Wait()
		return nil
	}
}
