package meta

// Identity says which process is meant, so that it can be recognised later by
// somebody else: the fields of the same names in [Record]. An empty field is
// not known, and what is not known equals nothing.
type Identity struct {
	PID           int
	Hostname      string
	Instance      string // [Self] only
	Start         string
	BootID        string
	MachineID     string
	PIDNamespace  string
	TimeNamespace string
	User          string
	Program       string // base name, never arguments
}

// State is what the kernel says about a process id, now.
type State int

const (
	StateUnknown State = iota // the kernel would not say; as good as Running for a verdict
	Running                   // some process has this id
	Exited                    // a process has this id, but it has ended (a zombie)
	Gone                      // no process has this id
)

// Process is what can be learned about a process id from the kernel.
type Process struct {
	State State
	Start string // in the unit of Record.Start; "" when it is not readable
	Err   error  // why State or Start are not known, if they are not
}

// Description describes a process to people. It decides nothing.
type Description struct {
	PID     int
	Program string
	User    string
	Command string // the whole command line: to be shown to the person asking only, never stored
}
