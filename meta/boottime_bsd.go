//go:build dragonfly || freebsd || netbsd || openbsd

package meta

import "strconv"

// bootTimeID stands in for the identity of a boot. Where it moves when the clock
// is set nothing is known about processes that were recorded before: that is
// safe, and all there is.
func bootTimeID() string {
	if here == nil {
		return ""
	}
	sec, sub, err := readBootTime()
	if err != nil || sec == 0 {
		return ""
	}
	if here.fromBoot { // as it always was
		return "boot-" + strconv.FormatInt(sec*1e6+sub, 10)
	}
	return "boot-" + strconv.FormatInt(sec, 10) + "." + strconv.FormatInt(sub, 10)
}
