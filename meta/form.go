package meta

import (
	"fmt"
	"strconv"
	"time"
)

// Form is a record of which all that does not change between the acquisitions
// of one owner is written already. What an acquisition adds is [Filling]. A
// Form is never changed, and may be used by any number of goroutines.
//
// A process can keep the form with its own identity for as long as it runs:
// what is in there does not change (see [Self]). The pid of a process changes
// by fork alone, and a Go program does not fork without exec: of its threads
// the child would have one, and that runs no goroutine.
type Form struct{ head, owner, rest, tail []byte }

// Filling is what one acquisition adds to a [Form].
type Filling struct {
	Token      string
	Created    time.Time
	KernelLock bool   // and then:
	Inode      uint64 //
	Device     uint64 //
	Filesystem string //
}

// NewForm is the form of r, whose fields that [Filling] has do not matter. The
// errors are those of [Record.Encode].
func NewForm(r Record) (*Form, error) {
	r.Token, r.Created, r.Inode, r.Device = nilUUID, time.Time{}, "", ""
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	tail, err := r.appendTail(nil)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	head := append(appendKey(r.appendHead(nil), keyToken), '"')
	return &Form{head, r.appendOwner([]byte{'"'}), r.appendRest(nil), tail}, nil
}

const nilUUID = "00000000-0000-0000-0000-000000000000"

// AppendRecord appends what [Record.Encode] returns for the record that f and
// x make together, with the same errors.
func (f *Form) AppendRecord(b []byte, x *Filling) ([]byte, error) {
	created := x.Created.UTC()
	switch {
	case !isUUID(x.Token):
		return nil, fmt.Errorf("encode record: %w", badToken(x.Token))
	case !isWritable(created):
		return nil, fmt.Errorf("encode record: %w", badCreated(created))
	}
	from := len(b)
	b = append(b, f.head...)
	b = append(append(b, x.Token...), f.owner...)
	b = appendCreated(b, created)
	b = append(b, f.rest...)
	if x.KernelLock {
		b = appendTrue(b, keyKernelLock, true)
		b = appendNumber(b, keyInode, x.Inode)
		b = appendText(b, keyFilesystem, x.Filesystem)
		b = appendNumber(b, keyDevice, x.Device)
	}
	b = append(append(b, f.tail...), '\n')
	if n := len(b) - from; n > MaxSize {
		return nil, tooLarge(n)
	}
	return b, nil
}

// FillIn puts x into r, as [Form.AppendRecord] writes it.
func (x *Filling) FillIn(r *Record) {
	r.Token, r.Created = x.Token, x.Created
	if x.KernelLock {
		r.KernelLock, r.Filesystem = true, x.Filesystem
		r.Inode, r.Device = strconv.FormatUint(x.Inode, 10), strconv.FormatUint(x.Device, 10)
	}
}

// The parts of a record between which Form puts what changes.

func (r *Record) appendHead(b []byte) []byte {
	return appendText(append(b, `{"format":"`+Format+`"`...), keyKind, r.Kind)
}

func (r *Record) appendOwner(b []byte) []byte {
	b = strconv.AppendInt(appendKey(b, keyPID), int64(r.PID), 10)
	b = appendAlways(b, keyHostname, r.Hostname)
	b = appendText(b, keyInstance, r.Instance)
	return appendTrue(b, keyOnBehalf, r.OnBehalf)
}

func (r *Record) appendRest(b []byte) []byte {
	b = appendText(b, keyStart, r.Start)
	b = appendText(b, keyBootID, r.BootID)
	b = appendText(b, keyMachineID, r.MachineID)
	b = appendText(b, keyPIDNamespace, r.PIDNamespace)
	b = appendText(b, keyTimeNamespace, r.TimeNamespace)
	b = appendText(b, keyUser, r.User)
	return appendText(b, keyProgram, r.Program)
}

func (r *Record) appendTail(b []byte) ([]byte, error) {
	if r.LeaseMS != 0 {
		b = strconv.AppendInt(appendKey(b, keyLeaseMS), r.LeaseMS, 10)
	}
	if r.Fence != 0 {
		b = strconv.AppendUint(appendKey(b, keyFence), r.Fence, 10)
	}
	b = appendText(b, keyNote, r.Note)
	b, err := r.appendLabels(b)
	if err != nil {
		return nil, err
	}
	b, err = r.appendExtra(b)
	return append(b, '}'), err
}

func appendNumber(b []byte, k key, n uint64) []byte {
	return append(strconv.AppendUint(append(appendKey(b, k), '"'), n, 10), '"')
}

// appendCreated writes t, which is in UTC.
func appendCreated(b []byte, t time.Time) []byte {
	b = append(appendKey(b, keyCreated), '"')
	return append(t.AppendFormat(b, time.RFC3339Nano), '"')
}

func badToken(token string) error {
	return fmt.Errorf("%w: token %q is not a UUID", ErrMalformed, Printable(token))
}

func badCreated(t time.Time) error {
	return fmt.Errorf("%w: created in the year %d", ErrMalformed, t.Year())
}

func tooLarge(n int) error { return fmt.Errorf("encode record: %w (%d bytes)", ErrTooLarge, n) }
