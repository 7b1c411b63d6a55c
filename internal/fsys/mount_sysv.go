//go:build aix || solaris

package fsys

// mountOf knows the class only, and what the system's own statfs adds to it.
func mountOf(path string) (m Mount, err error) {
	if path == "" {
		path = "."
	}
	if m.Dir, err = Absolute(path); err != nil {
		return Mount{}, err
	}
	err = ignoringEINTR(func() (err error) {
		m.Class, m.ReadOnly, err = mountedAs(path)
		return err
	})
	if err != nil {
		return Mount{}, err
	}
	return m, nil
}

func mountTable() ([]mountEntry, error) { return nil, nil }
