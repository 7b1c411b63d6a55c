// Package netfs holds tests of the locks on real network filesystems: NFS v3,
// NFS v4.2 and SMB 3.1.1, each with a server and two clients that are Linux
// kernels of their own, on a network that the test can cut.
//
// The machines are User-Mode Linux kernels. Their root directory is this
// machine's, read-only, so there is no image to build; what they write is in
// memory, but for the exported directory, an ext4 image that survives the
// server. An Ethernet hub in the test process joins them, so there are no
// privileged devices, and the machine's own network is not touched. See rig for
// what a test can do to them: kill, freeze and thaw a machine, cut it off, start
// it anew, run this test binary in it in one of its roles.
//
// Who excludes whom is told by a witness, a process on the server that owners
// report to over UDP; the filesystem under test has no part in it.
//
// # Running it
//
// It needs root (for namespaces, so that nothing is left behind however the
// tests end) and these Debian packages:
//
//	user-mode-linux nfs-kernel-server nfs-common rpcbind samba cifs-utils iproute2 kmod e2fsprogs
//
// Where something is missing the tests skip and say what. Ordinarily one
// filesystem is looked at, for a few seconds. All of it, in a few minutes:
//
//	FILELOCK_TEST_NETFS=ci go test -v ./internal/netfs
//
// FILELOCK_TEST_NETFS=lock leaves out what does not need the locks, and
// FILELOCK_TEST_NETFS_MOUNT has options for the clients' mounts (cache=none).
// With FILELOCK_TEST_NETFS=measure the facts of the documentation page are
// measured, and printed.
package netfs
