package netfs

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// owner reports to the witness, under a token that names one holding of the lock.
type owner struct {
	conn  net.Conn
	token string
	seq   int
}

var tokens atomic.Int64

// dialWitness makes an owner with a token of its own.
func dialWitness(name string) (*owner, error) {
	c, err := net.Dial("udp4", witnessAddr)
	if err != nil {
		return nil, err
	}
	o := &owner{conn: c}
	o.next(name)
	return o, nil
}

// next gives the owner a new token, for its next holding of the lock.
func (o *owner) next(name string) {
	host, _ := os.Hostname()
	o.token = fmt.Sprintf("%s %s %d.%d.%d", host, name, os.Getpid(), time.Now().UnixNano(), tokens.Add(1))
}

var errNoLonger = errors.New("no longer the owner")

// say reports, until the witness has acknowledged it. It gives up when goOn says
// so: who has lost the lock must not speak as its owner.
func (o *owner) say(op string, goOn func() bool) (report, error) {
	o.seq++
	b, err := json.Marshal(report{Seq: o.seq, Op: op, Token: o.token})
	if err != nil {
		return report{}, err
	}
	buf := make([]byte, 1<<16)
	for goOn() {
		// What fails is repeated: the network is down, or the server is.
		_, err := o.conn.Write(b)
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		_ = o.conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		for {
			n, err := o.conn.Read(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				time.Sleep(50 * time.Millisecond)
				break
			}
			var r report
			if err := json.Unmarshal(buf[:n], &r); err != nil {
				return report{}, err
			}
			if r.Seq == o.seq {
				return r, nil
			}
		}
	}
	return report{}, errNoLonger
}

// inside is one stay of the owner: it enters, says still as often as it is told
// to, with a pause between, and leaves. It ends early when held says no more.
func (o *owner) inside(stills int, pause time.Duration, held func() bool) error {
	if _, err := o.say("enter", held); err != nil {
		return err
	}
	for range stills {
		time.Sleep(pause)
		if _, err := o.say("still", held); err != nil {
			return err
		}
	}
	_, err := o.say("leave", held)
	return err
}

// Witness starts the witness on the server, or starts it again after the server
// was: it knows what it knew.
func (r *Rig) Witness(t *testing.T) {
	t.Helper()
	r.witness = r.Server.Role(t, "witness", shared("witness"))
	r.witness.Awaits(t, "ready")
}

// forget makes the witness forget everything, at the start of a scenario.
func (r *Rig) forget(t *testing.T) {
	t.Helper()
	r.Server.Act(t, "say", "reset")
}

// Ask returns what the witness has seen.
func (r *Rig) Ask(t *testing.T) state {
	t.Helper()
	var s state
	must(t, json.Unmarshal([]byte(r.Server.Act(t, "ask")), &s))
	return s
}

// Excluded fails the test if two were inside at once. It returns what the witness
// has seen.
func (r *Rig) Excluded(t *testing.T) state {
	t.Helper()
	s := r.Ask(t)
	for _, o := range s.Overlaps {
		t.Errorf("overlap: %s", o)
	}
	if len(s.Overlaps) > 0 {
		for _, e := range s.Events {
			t.Logf("%s %s %q", e.At.Format("15:04:05.000"), e.Op, e.Token)
		}
	}
	return s
}

func init() {
	// say OP: reports to the witness.
	roles["say"] = func(args []string) error {
		o, err := dialWitness("say")
		if err != nil {
			return err
		}
		_, err = o.say(args[0], func() bool { return true })
		return err
	}
}
