package meta

import "testing"

func TestTheNameOfAUserIsReadFromPasswd(t *testing.T) {
	const passwd = "# a comment\n+:x:7::::\nroot:x:0:0:root:/root:/bin/sh\nalice:x:1000:0::/home/alice:\nalso-alice:x:1000:0:::\nno:x:5\nlast:x:12:12:no newline"
	for id, want := range map[string]string{"0": "root", "1000": "alice", "7": "", "5": "", "12": "last", "100": "", "": ""} {
		if got := passwdName([]byte(passwd), id); got != want {
			t.Errorf("user %s is %q, want %q", id, got, want)
		}
	}
	if got := userOf(4294967294); got != "4294967294" {
		t.Errorf("a user that does not exist is %q", got)
	}
}
