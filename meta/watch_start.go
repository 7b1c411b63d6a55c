//go:build linux || windows

package meta

import "fmt"

// startedElse says how a process that has the pid differs from the one that id
// means, if it does.
func startedElse(id Identity, start string) error {
	if differs, _ := StartDiffers(id.Start, start); !differs || !SameTimeNamespace(id, Self()) {
		return nil
	}
	return fmt.Errorf("the pid was reused: %q is when its process started, not %q: %w", start, Printable(id.Start), ErrNoProcess)
}
