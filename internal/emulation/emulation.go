// Package emulation tells tests that they run under Wine or qemu-user: in place
// of Windows or of another processor, with gaps that are none of this project's.
// A test that cannot mean anything there says so by name. Nothing that is
// shipped imports this: a test of the layers sees to it.
package emulation

import "os"

// T is what is needed of a *testing.T: package testing itself is not to be linked
// into anything but tests.
type T interface {
	Helper()
	Skip(why ...any)
}

// Wine is true under Wine, where .ci/wine runs the tests for Windows.
func Wine() bool { return os.Getenv("FILELOCK_TEST_WINE") != "" }

// Qemu is true under qemu-user, where .ci/run runs the tests for other
// processors: system calls are translated, so what looks at them, or at
// processes from outside, sees the emulator.
func Qemu() bool { return os.Getenv("FILELOCK_TEST_QEMU") != "" }

// SkipWine skips a test under Wine. The reason says what Wine lacks or does
// otherwise than Windows.
func SkipWine(t T, why string) {
	t.Helper()
	if Wine() {
		t.Skip("not under Wine: " + why)
	}
}

// SkipQemu skips a test under qemu-user. The reason says what is looked at that
// is the emulator's.
func SkipQemu(t T, why string) {
	t.Helper()
	if Qemu() {
		t.Skip("not under qemu: " + why)
	}
}
