package fsys

import "testing"

func TestIsShort(t *testing.T) {
	for name, want := range map[string]bool{
		"JOBSOF~1.LOC": true, "jobsof~1.loc": true, "JO12AB~1": true, "A~1234.L": true, "J~999999.LOC": true,
		"job.lock": false, "job~1.lock": false, "verylong~1.loc": false, "~1.loc": false, "job~.loc": false, "job~x.loc": false,
		"a b~1.loc": false, "job~1.a.b": false, "job.l~1": false, "": false, ".~1": false,
	} {
		if got := IsShort(name); got != want {
			t.Errorf("IsShort(%q) = %v", name, got)
		}
	}
}
