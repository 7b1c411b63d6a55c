package lock

import (
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"time"

	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/meta"
)

// Option changes how a handle locks. An option that cannot apply to the lock
// it is given to is an error matching ErrOption from the first Lock.
type Option func(*config)

type config struct {
	timeout time.Duration // negative: none
	poll    time.Duration // 0: the default of the place
	mode    fs.FileMode
	exact   bool // mode was asked for
	logger  *slog.Logger
	note    string
	labels  map[string]string
	program string

	leased  bool // lease was asked for
	lease   time.Duration
	fence   bool
	network bool

	withoutReaping bool
	withoutRecord  bool
	onBehalf       *meta.Identity // Grant: the owner, another process

	host *host.Host
	errs []error
}

// defaultPoll bounds the pause between two looks at a held lock where nothing
// wakes the waiter. It finds a freed lock half of it later on average, at a cost
// of some hundred looks of about 20 microseconds a second. It also bounds how
// much a waiter of long standing is behind one that has just come and looks
// more often.
const defaultPoll = 10 * time.Millisecond

const defaultMode fs.FileMode = 0o644

func newConfig(opts []Option) config {
	c := config{timeout: -1, mode: defaultMode, host: host.Real}
	for _, o := range opts {
		o(&c)
	}
	return c
}

func (c *config) refuse(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrOption))
}

// WithTimeout bounds how long Lock waits: 0 tries once, negative waits for
// ever. By default, Lock waits for ever.
func WithTimeout(d time.Duration) Option { return func(c *config) { c.timeout = d } }

// WithPoll sets the longest pause between two looks at a held lock where
// nothing wakes the waiter: on a network filesystem, or where the system tells
// nothing of an owner that has no kernel lock (see [Grant]). By default, 10 ms,
// over a network 1.5 s: each look is some requests to the server. It must be
// positive. Elsewhere the kernel wakes the waiter, who looks of his
// own accord after a second and then ever more rarely, every five minutes in the end.
func WithPoll(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.refuse("WithPoll(%s): the pause must be positive", d)
			return
		}
		c.poll = d
	}
}

// WithMode sets the permission bits of a lock file that this handle makes,
// exactly, past the umask. By default, 0644 before the umask, so that others
// can read who holds the lock and probe it.
func WithMode(mode fs.FileMode) Option {
	return func(c *config) {
		switch {
		case mode&^fs.ModePerm != 0:
			c.refuse("WithMode(%v): permission bits only", mode)
			return
		case mode&0o400 == 0:
			c.refuse("WithMode(%v): nobody could read the file to see whether its owner lives", mode)
			return
		}
		c.mode, c.exact = mode, true
	}
}

// WithLogger makes the handle log every acquisition, wait, break and release
// to l, at debug level, in the group "filelock". By default, and with nil,
// nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) {
		c.logger = nil
		if l != nil {
			c.logger = l.WithGroup("filelock")
		}
	}
}

// WithNote puts a text into the record, for people.
func WithNote(text string) Option { return func(c *config) { c.note = text } }

// WithLabels puts keys and values into the record, for the user's own tools.
func WithLabels(labels map[string]string) Option {
	labels = maps.Clone(labels)
	return func(c *config) { c.labels = labels }
}

// WithProgram sets the program's name in the record, for people. By default,
// the name of this process's executable.
func WithProgram(name string) Option { return func(c *config) { c.program = name } }

// WithoutReaping leaves the locks of dead owners to others: they count as
// held. By default, a contender breaks them.
func WithoutReaping() Option { return func(c *config) { c.withoutReaping = true } }

// WithoutRecord makes a [File] write nothing into the lock file, which then
// does not say who holds the lock. It cannot apply to a [Soft].
func WithoutRecord() Option { return func(c *config) { c.withoutRecord = true } }

// WithLease sets how long a soft lock stays held when its owner does not renew
// it, which this process does by itself, every quarter of it. Others may take the
// lock when they have seen it unrenewed for that long; this process knows before
// them: [Locker.Lost] is closed, and Locked false, when its own clock says that
// the lease is over. At least 10 s; 0 means that the lock never expires.
//
// By default, 60 s on a network filesystem, where nothing else can prove a
// remote owner dead; none on a local one, where with a lease also an owner that is
// frozen (stopped, suspended) loses the lock. It cannot apply to a [File], nor to
// [Grant].
//
// A lease is no maximum: an owner that runs keeps the lock. It trades exclusion
// for progress: an owner that is paused beyond its lease between a last look at
// Locked and a write may still write once. Where that matters, use [WithFence].
func WithLease(d time.Duration) Option {
	return func(c *config) {
		if d != 0 && d < leastLease {
			c.refuse("WithLease(%s): a lease is at least %s, or 0 for none", d, leastLease)
			return
		}
		c.leased, c.lease = true, d
	}
}

// WithFence asks for a fence: a number that grows with every acquisition of the
// path that asks for one, across crashes, breaks, hosts and reboots. It is in the
// record ([Soft.Record], [Soft.Fence]). A resource that remembers the highest
// fence it has seen, and rejects a lower one, is safe from an owner that was
// paused beyond its lease. Acquisitions that do not ask do not raise it, so all
// must ask. It is the size of the file .NAME.fence beside the lock, which is
// never removed: a byte for each acquisition.
func WithFence() Option { return func(c *config) { c.fence = true } }

// WithNetwork makes a soft lock treat the directory as one on a network
// filesystem, whatever this machine takes it for. It is needed, by everybody who
// uses the lock, where other machines can open a directory that is local here:
// on an NFS or SMB server, or a host that shares a folder with virtual machines.
// It has no effect on a [File].
func WithNetwork() Option { return func(c *config) { c.network = true } }

// InHost puts the handle into another world: this project's simulated ones.
// Its argument cannot be made outside this module.
func InHost(h *host.Host) Option { return func(c *config) { c.host = h } }
