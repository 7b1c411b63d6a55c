package meta

// Describe describes a process to people; what is not known is empty.
func Describe(pid int) Description {
	d := Description{PID: pid}
	if pid >= 1 && pid <= maxOwnPID {
		d.User, d.Program = about(pid)
	}
	return d
}
