package explore

// Model is what kind of world the processes live in.
type Model struct {
	Name       string
	Reuse      bool // an inode number that is free may be given to the next file, or not
	Containers bool // each process has a PID namespace of its own
	Lossy      bool // a create, write or unlink may fail, done or not
	Coarse     bool // time stamps do not tell one write from another
}

// ID is the model's name.
func (m *Model) ID() string { return m.Name }

// Models are the kinds of world that are gone through.
var Models = []*Model{
	{Name: "local"},
	{Name: "reuse", Reuse: true},
	{Name: "containers", Containers: true},
	{Name: "coarse", Coarse: true},
	{Name: "lossy", Lossy: true},
}

// ModelNamed finds a model, nil if there is none of the name.
func ModelNamed(name string) *Model {
	for _, m := range Models {
		if m.Name == name {
			return m
		}
	}
	return nil
}
