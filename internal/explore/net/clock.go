package net

import (
	"fmt"
	"os"
	"time"

	"github.com/filelock-go/filelock/internal/sights"
	"github.com/filelock-go/filelock/meta"
)

// uptime is the clock. Before a file is made it says the time. An observer's
// clock, while he has open what he looks at, says whether the watch is over: he
// is given the sight that he then would have. Else it is about the own file.
func (p *process) uptime() time.Duration {
	switch {
	case p.over, p.minted, p.aged:
	case p.open > 0:
		p.watches()
	case p.has(p.cur):
		wait := p.inside
		age := p.askAbout(asked{op: clock, wait: wait}, p.cur).age
		p.now = max(p.now, p.cur.since+p.after(p.cur, age))
		p.late = age == 2
		p.ended = p.ended || p.late && p.taken
	}
	return p.now
}

// after is the time after which the own file is of an age: the latest moment of
// the young, the earliest of the others. While a file is being made it has half
// of the grace, or of its lease if that is shorter.
func (p *process) after(v *view, age uint8) time.Duration {
	const grace = 30 * time.Second
	lease := grace
	if v.level == 0 && v.kind == leased {
		lease = p.lease()
	}
	young := min(grace, lease) / 2
	if v.level == 0 && p.taken {
		young = lease / 2
	}
	return [...]time.Duration{young, young + 1, lease}[age]
}

func (p *process) lease() time.Duration {
	if p.phase == "brief" {
		return 10 * time.Second
	}
	return time.Minute
}

func (p *process) watches() {
	v := p.last
	a := p.askAbout(asked{op: watch}, v)
	if p.over {
		return
	}
	token := "-"
	if v.form == whole {
		token = v.token
	}
	i := v.info()
	print := fmt.Sprintf("first %s %d %d %d", token, i.Size, i.ModTime.UnixNano(), i.ChangeTime.UnixNano())
	if v.form != whole {
		print += fmt.Sprintf(" %d", i.Ino)
	}
	s := sights.Sight{Key: dirPath + string(os.PathSeparator) + names[v.level], Boot: "boot/1", Print: "first -"}
	if a.what == over {
		const long = 100 * time.Second // and its margin
		s.Print, s.First, s.Last, s.Reads = print, p.now-long, p.now, 3
		p.read[v.level].expiry = v.form == whole
	}
	p.Sights.Keep(s)
}

func (p *process) look(pid int) meta.Process {
	running := meta.Process{State: meta.Running, Start: "1"}
	if pid == selfPID {
		return running
	}
	for _, v := range p.slots {
		if v.pid == pid {
			if p.askAbout(asked{op: look}, v).what == over {
				return meta.Process{State: meta.Gone}
			}
			return running
		}
	}
	panic(fmt.Sprintf("net: pid %d is in no record that was read", pid))
}
