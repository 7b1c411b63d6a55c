package reaper

import (
	"io/fs"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// listedAtOnce is how many names of a directory are handed over together.
const listedAtOnce = 128

// names calls each for every name in the directory, like Dir.List, but gives up
// when there is no answer within the patience: a directory that could be opened
// out of a client's cache may have a server that is gone. each is called in the
// goroutine of the caller.
func (w *walker) names(d *place, each func(fsys.Entry) bool) error {
	lists := make(chan []fsys.Entry)
	stop, ended := make(chan struct{}), make(chan struct{})
	var err error // once ended
	d.calls.Add(1)
	go func() {
		defer d.calls.Done()
		defer close(ended)
		var some []fsys.Entry
		hand := func() bool {
			select {
			case lists <- some:
				some = nil
				return true
			case <-stop:
				return false
			}
		}
		err = d.List(func(e fsys.Entry) bool {
			some = append(some, e)
			return len(some) < listedAtOnce || hand()
		})
		if len(some) > 0 {
			hand()
		}
	}()
	patience := time.NewTimer(w.o.patience())
	defer patience.Stop()
	defer func() {
		close(stop)
		if d.left { // it has had its time
			return
		}
		patience.Reset(w.o.patience())
		select {
		case <-ended:
		case <-patience.C:
			d.left = true
		}
	}()
	for {
		select {
		case some := <-lists:
			for _, e := range some {
				if !each(e) {
					return nil
				}
			}
			patience.Reset(w.o.patience())
		case <-ended:
			return err
		case <-w.ctx.Done():
			// What has been listed is over in any case; a call that hangs is left.
			select {
			case <-ended:
				return err
			default:
			}
			d.left = true
			return givenUp(w.ctx, d.Path())
		case <-patience.C:
			d.left = true
			return &fs.PathError{Op: "list", Path: d.Path(), Err: ErrNoAnswer}
		}
	}
}
