package meta

import "testing"

func TestAlarmGoesOffAtItsTimeAndAgain(t *testing.T) {
	a := NewAlarm()
	defer a.Close()
	for range 3 {
		at := Uptime() + 2_000_000
		a.Set(at)
		for Uptime() < at {
			<-a.C()
		}
	}
	a.Set(0) // past
	<-a.C()
}
