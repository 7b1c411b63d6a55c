// Package faultfs holds tests of the locks on a filesystem in user space that
// fails when told to: what package faults cannot show is what the kernel makes
// of an error before a system call returns it. It is a module of its own so
// that the locks do not depend on go-fuse.
//
// Its tests need /dev/fuse and the right to mount: root, or fusermount3.
package faultfs
