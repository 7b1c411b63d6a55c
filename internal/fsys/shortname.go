package fsys

import "strings"

// IsShort says whether a name looks like those that Windows gives to files with
// longer names beside their own ("JOBSOF~1.LOC"). Under such a name a file is
// found if it is there, but what is made under it while it is not is another file.
func IsShort(name string) bool {
	base, ext, _ := strings.Cut(name, ".")
	letters, number, tilde := strings.Cut(base, "~")
	if !tilde || letters == "" || number == "" || len(base) > 8 || len(ext) > 3 || strings.ContainsAny(name, " ") || strings.Contains(ext, ".") {
		return false
	}
	return strings.Trim(number, "0123456789") == ""
}
