package fsys

import "time"

// SetPatience is for how long what another program does not share is tried.
func SetPatience(d time.Duration) (before time.Duration) {
	before, sharePatience = sharePatience, d
	return before
}
