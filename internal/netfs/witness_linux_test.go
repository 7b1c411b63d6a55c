package netfs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"time"
)

// The witness is a process on the server that owners report to: enter, then any
// number of times still, then leave, each acknowledged before the owner goes on.
// The protocol is UDP, one packet each way: what a cut lost does not arrive
// later.
//
// The owner inside is the one that entered last. It is no overlap when another
// enters before it has left, for it may have been killed, which nobody reports;
// it is one when it says anything after that, for then it was alive, and took
// itself for the owner. So everyone who lives long enough to leave is found out,
// and nobody who was killed is suspected.
type witness struct {
	path string // where the state is kept, for a server that is killed; or empty
	state
}

type state struct {
	Inside   string   // token of the owner, or empty
	Gone     []string // tokens of all who have left or were replaced; none may come back
	Enters   int
	Replaced int // entered while another had not left
	Overlaps []string
	Events   []event // the last few
}

type event struct {
	At    time.Time
	Op    string
	Token string
}

// report is what the witness is told, and what it answers: the same with Err.
type report struct {
	Seq       int
	Op, Token string
	Err       string `json:",omitempty"`
	State     *state `json:",omitempty"` // the answer to "tell"
}

const (
	witnessAddr = "10.0.0.1:7000"
	keptEvents  = 40
)

func init() {
	// witness [FILE]: says "ready".
	roles["witness"] = func(args []string) error {
		w := &witness{}
		if len(args) > 0 {
			w.path = args[0]
		}
		if err := w.load(); err != nil {
			return err
		}
		c, err := net.ListenPacket("udp4", witnessAddr)
		if err != nil {
			return err
		}
		fmt.Println("ready")
		return w.serve(c)
	}
	// ask: prints the state of the witness as JSON.
	roles["ask"] = func([]string) error {
		a, err := dialWitness("asker")
		if err != nil {
			return err
		}
		r, err := a.say("tell", func() bool { return true })
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(r.State)
	}
}

func (w *witness) serve(c net.PacketConn) error {
	buf := make([]byte, 1<<16)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return err
		}
		var r report
		if err := json.Unmarshal(buf[:n], &r); err != nil {
			return err
		}
		changed := w.hear(r.Op, r.Token, time.Now())
		if changed {
			if err := w.save(); err != nil {
				return err
			}
		}
		if r.Op == "tell" {
			s := w.state
			s.Gone = nil
			r.State = &s
		}
		b, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if _, err := c.WriteTo(b, from); err != nil {
			fmt.Println("answer:", err) // asked again
		}
	}
}

// hear takes a report, which may be the repetition of one whose answer was lost.
func (w *witness) hear(op, token string, now time.Time) (changed bool) {
	note := func() {
		w.Events = append(w.Events, event{now, op, token})
		w.Events = w.Events[max(0, len(w.Events)-keptEvents):]
	}
	switch {
	case op == "tell":
		return false
	case op == "reset":
		w.state = state{}
	case w.Inside == token && op == "leave":
		w.Inside = ""
		w.Gone = append(w.Gone, token)
		note()
	case w.Inside == token:
		return false
	case len(w.Gone) > 0 && w.Gone[len(w.Gone)-1] == token && w.Inside == "" && op == "leave":
		return false // said again
	case op == "enter" && !contains(w.Gone, token):
		if w.Inside != "" {
			w.Replaced++
			w.Gone = append(w.Gone, w.Inside)
		}
		w.Inside = token
		w.Enters++
		note()
	default:
		w.Overlaps = append(w.Overlaps, fmt.Sprintf("%v: %q says %s, but %q is inside", now.Format("15:04:05.000"), token, op, w.Inside))
		w.Overlaps = w.Overlaps[:min(len(w.Overlaps), keptEvents)]
		note()
	}
	return true
}

func contains(tokens []string, token string) bool {
	for i := len(tokens) - 1; i >= 0; i-- { // a late one was here lately
		if tokens[i] == token {
			return true
		}
	}
	return false
}

func (w *witness) load() error {
	if w.path == "" {
		return nil
	}
	b, err := os.ReadFile(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(b, &w.state)
}

// save keeps the state before it is acknowledged.
func (w *witness) save() error {
	if w.path == "" {
		return nil
	}
	b, err := json.Marshal(w.state)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(w.path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(w.path+".new", w.path)
}
