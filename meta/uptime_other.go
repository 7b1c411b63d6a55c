//go:build (!unix && !windows) || aix

package meta

import "time"

var begun = time.Now()

func uptime() time.Duration { return time.Since(begun) }
