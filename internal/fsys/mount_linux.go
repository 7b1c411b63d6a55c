package fsys

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mountOf opens the directory, so that all that is asked is asked about the same
// one. What is open needs no mount of its own afterwards, so nothing but that is
// asked of any filesystem: the rest the kernel has in its own tables.
func mountOf(path string) (m Mount, err error) {
	opened, err := Real.At(path).OpenDir(".")
	if err != nil {
		return Mount{}, err
	}
	defer func() {
		if cerr := opened.Close(); err == nil {
			err = cerr
		}
	}()
	if m.Class, err = opened.Class(); err != nil {
		return m, err
	}
	fd := opened.(*dir).fd
	m.Dir, err = os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return m, err
	}
	table, err := mountTable()
	if err != nil {
		return m, err
	}
	if e := mountIn(table, fd, m.Dir); e != nil {
		m.fill(e)
	}
	return m, nil
}

// mountIn finds the mount of an open directory: by the mount's id, and where
// that is not to be had by name, if possible with the device's number. That
// number is not always in the table: each subvolume of a Btrfs has its own.
func mountIn(table []mountEntry, fd int, path string) *mountEntry {
	if id, ok := mountID(fd); ok {
		return mountWithID(table, id)
	}
	var info Info
	if err := statFD(fd, &info); err == nil {
		device := fmt.Sprintf("%d:%d", unix.Major(info.Dev), unix.Minor(info.Dev))
		if e := mountAbove(table, path, device); e != nil {
			return e
		}
	}
	return mountAbove(table, path, "")
}

// mountID is the id of a mount in mountinfo: from statx since Linux 5.8, before
// that from /proc/self/fdinfo (since 3.15). It is not Info.Mount, which is
// another number.
func mountID(fd int) (string, bool) {
	if runtime.GOOS != "android" && !noStatx.Load() {
		var st unix.Statx_t
		err := ignoringEINTR(func() error {
			return unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_MNT_ID, &st)
		})
		if err == nil && st.Mask&unix.STATX_MNT_ID != 0 {
			return strconv.FormatUint(st.Mnt_id, 10), true
		}
	}
	about, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		return "", false
	}
	return parseMountID(string(about))
}

func parseMountID(fdinfo string) (string, bool) {
	for line := range strings.Lines(fdinfo) {
		if id, ok := strings.CutPrefix(line, "mnt_id:"); ok {
			id = strings.TrimSpace(id)
			return id, id != ""
		}
	}
	return "", false
}

// mountTable is what is mounted where, as this process sees it. The kernel
// writes it without asking any of the filesystems in it anything.
func mountTable() ([]mountEntry, error) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	return parseMountInfo(string(b)), nil
}
