package meta

import "bytes"

// localUser looks a user up in /etc/passwd alone. Package os/user, where it has
// the C library, asks every source that the machine has for users: that takes
// time, and as long as a directory server pleases. "" is not known there.
func localUser(id string) string {
	passwd, err := readFile("/etc/passwd")
	if err != nil {
		return ""
	}
	return passwdName(passwd, id)
}

// passwdName is the first user with the number, passwd(5). Lines of NIS, which
// begin with + or -, are none.
func passwdName(passwd []byte, id string) string {
	for line := range bytes.Lines(passwd) {
		f := bytes.SplitN(line, []byte(":"), 4)
		if len(f) == 4 && string(f[2]) == id && len(f[0]) > 0 && f[0][0] != '+' && f[0][0] != '-' {
			return string(f[0])
		}
	}
	return ""
}
