package meta

import (
	"testing"
	"time"
)

func TestUptimeGoesOnAndIsOfThisMachine(t *testing.T) {
	a := Uptime()
	b := Uptime()
	if a <= 0 || b < a || b-a > time.Minute {
		t.Errorf("Uptime is %s and then %s", a, b)
	}
}
