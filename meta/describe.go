package meta

import "errors"

// Describe describes a process to people; what is not known is empty.
func Describe(pid int) Description {
	d := Description{PID: pid}
	if pid < 1 || pid > maxOwnPID {
		return d
	}
	if p := Look(pid); p.State != Gone && !errors.Is(p.Err, errForeignProc) {
		d.User, d.Program = about(pid)
	}
	return d
}
