package meta

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
)

// quickRecord reads a record that is exactly as [Record.Encode] writes it: the
// keys in order, no white space but the newline at the end, no escapes, ASCII
// only, neither labels nor keys that are not known. That is nearly every record
// there is, and takes a quarter of the time of parseObject. nil says nothing but
// that it is not so: parseObject then judges the text. What quickRecord does
// read, parseObject would read as the same record (FuzzQuick).
func quickRecord(b []byte) *Record {
	text, _ := bytes.CutSuffix(b, []byte("\n"))
	text, whole := bytes.CutSuffix(text, []byte("}"))
	if !whole || !bytes.HasPrefix(text, []byte(beginning)) || !isPlain(text) {
		return nil
	}
	// One copy of the text, of which all values are parts.
	q := quick{rest: string(text)[len(beginning):]}
	r := &Record{Format: Format}
	var created string
	var pid, lease uint64
	q.text(quickKeys[keyKind], &r.Kind)
	q.text(quickKeys[keyToken], &r.Token)
	q.number(quickKeys[keyPID], &pid, maxPID)
	hostname := q.text(quickKeys[keyHostname], &r.Hostname)
	q.text(quickKeys[keyInstance], &r.Instance)
	q.yes(quickKeys[keyOnBehalf], &r.OnBehalf)
	q.text(quickKeys[keyCreated], &created)
	q.decimal(quickKeys[keyStart], &r.Start)
	q.text(quickKeys[keyBootID], &r.BootID)
	q.text(quickKeys[keyMachineID], &r.MachineID)
	q.decimal(quickKeys[keyPIDNamespace], &r.PIDNamespace)
	q.decimal(quickKeys[keyTimeNamespace], &r.TimeNamespace)
	q.text(quickKeys[keyUser], &r.User)
	q.text(quickKeys[keyProgram], &r.Program)
	q.yes(quickKeys[keyKernelLock], &r.KernelLock)
	q.decimal(quickKeys[keyInode], &r.Inode)
	q.text(quickKeys[keyFilesystem], &r.Filesystem)
	q.decimal(quickKeys[keyDevice], &r.Device)
	q.number(quickKeys[keyLeaseMS], &lease, math.MaxInt64)
	q.number(quickKeys[keyFence], &r.Fence, math.MaxUint64)
	q.text(quickKeys[keyNote], &r.Note)
	// Whatever was not as it was due is in the rest.
	if q.rest != "" || !hostname || pid == 0 || !isUUID(r.Token) {
		return nil
	}
	t, ok := parseTime(created)
	if !ok {
		return nil
	}
	r.PID, r.LeaseMS, r.Created = int(pid), int64(lease), t
	return r
}

// quickKeys are the keys as they stand in a record, behind another.
var quickKeys = func() (keys [numKeys]string) {
	for k := range keys {
		keys[k] = string(appendKey(nil, key(k)))
	}
	return keys
}()

// quick is what is still to be read. A value that is not as it should be stays
// there, and with it all that follows.
type quick struct{ rest string }

// text reads the value of key, if it comes next.
func (q *quick) text(key string, v *string) (read bool) {
	after, ok := strings.CutPrefix(q.rest, key)
	if !ok || after == "" || after[0] != '"' {
		return false
	}
	end := strings.IndexByte(after[1:], '"')
	if end < 0 {
		return false
	}
	*v, q.rest = after[1:1+end], after[1+end+1:]
	return true
}

func (q *quick) decimal(key string, v *string) {
	before := q.rest
	if q.text(key, v) && !isDecimal([]byte(*v)) {
		q.rest = before
	}
}

func (q *quick) yes(key string, v *bool) {
	if after, ok := strings.CutPrefix(q.rest, key+"true"); ok {
		*v, q.rest = true, after
	}
}

// number reads an integer from 1 to most.
func (q *quick) number(key string, v *uint64, most uint64) {
	after, ok := strings.CutPrefix(q.rest, key)
	if !ok || after == "" || after[0] == '0' {
		return
	}
	var n uint64
	i := 0
	for ; i < len(after) && '0' <= after[i] && after[i] <= '9'; i++ {
		d := uint64(after[i] - '0')
		if n > (most-d)/10 {
			return
		}
		n = n*10 + d
	}
	if i > 0 {
		*v, q.rest = n, after[i:]
	}
}

// isPlain: all of it is printable ASCII, or DEL, and stands for itself in JSON,
// but for the quotation marks.
func isPlain(b []byte) bool {
	if bytes.IndexByte(b, '\\') >= 0 {
		return false
	}
	const ones, high = 0x0101010101010101, 0x8080808080808080
	var bad uint64
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		// A byte below 0x20 borrows from its highest bit. Where none is below, and
		// none was above 0x7f, no bit is set: a borrow begins in a byte that is below.
		bad |= x | (x - 0x20*ones)
	}
	for _, c := range b {
		if c < ' ' {
			return false
		}
		bad |= uint64(c)
	}
	return bad&high == 0
}
