package meta

import (
	"time"

	"golang.org/x/sys/windows"
)

// uptime includes the time that the system is asleep (GetTickCount64, "Remarks").
func uptime() time.Duration { return windows.DurationSinceBoot() }
