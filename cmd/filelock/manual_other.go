//go:build !windows

package main

// What --help and the hints say where Windows differs from the others.
const (
	runManual = `Hold LOCK while COMMAND runs.

run takes flock(1)'s command line. Flags end at LOCK. After it comes COMMAND
with its arguments, or -c STRING for the shell ($SHELL, else /bin/sh). While
another owner holds LOCK, run waits; the lock of an owner that died is taken
over. It waits in silence: see --verbose, and filelock inspect LOCK for what can
end the wait.

COMMAND runs in run's process group, with run's standard input, output and
error and every other inherited descriptor. It also inherits the lock's own
descriptor, so that killing run does not free the lock under a COMMAND that
still runs. With --close, with a lease, and over a network it does not inherit
the descriptor, and is killed when run dies (on Linux and FreeBSD; elsewhere it
goes on without the lock). It finds in its environment FILELOCK_PATH,
FILELOCK_TOKEN (names this acquisition), FILELOCK_FD (the number of the
descriptor, if there is one) and, with --fence, FILELOCK_FENCE.

A soft lock on a network filesystem has a lease of 60s, or as --lease says; with
--lease a local one has, too. run renews it for as long as it runs, and when it
could not for all of it (frozen, suspended, cut off from the server) the lock is
lost: others may take it. If run itself can run, it knows before they do, ends
COMMAND as --on-lost says, and exits with 75. If only run was stopped (kill
-STOP), COMMAND goes on beside the next owner until run is continued. What
COMMAND writes then a resource can reject by its fence: a number that is higher
in each acquisition. What a directory can be trusted with, filelock doctor DIR
finds out.

TERM, HUP, USR1, USR2 and ALRM are passed on to COMMAND; INT and QUIT too, but
not where the terminal has sent them to COMMAND already. run itself ends when
COMMAND has. A soft lock is then released even if COMMAND left processes behind;
with --hard, these keep it.

Durations are seconds, also fractions, or written as in 1m30s.`

	runExample = `  filelock run /var/lib/job/job.lock backup --all
  filelock run -n -E 0 job.lock ./job          # cron: not twice, and no mail about it
  filelock run -w 30 job.lock -c 'a && b'
  filelock run --hard -s data.lock report      # shares with other -s, also of flock(1)
  filelock run --lease 1m --fence job.lock ./job   # a frozen job loses the lock`

	runExits = `       COMMAND's own; 128 and the signal's number if a signal ended COMMAND,
       or ended run while it waited
`
	closeUsage  = "COMMAND does not inherit the lock's descriptor"
	hardUsage   = "the operating system's lock on the file, as flock(1) takes it; the file stays"
	onLostUsage = "what becomes of COMMAND when the lock is lost: `term` (TERM, KILL after 5 s), kill or ignore; without a lease that is noticed when COMMAND has ended"

	noForkHint    = "leave -F out: COMMAND inherits the lock's descriptor and keeps the lock even if run is killed"
	noCommandHint = "COMMAND is a program in $PATH or a path; for the shell's own commands use -c STRING"
	noShellHint   = "there is no such program as $SHELL names: without it, /bin/sh runs STRING"
	quoteHint     = "quote the whole STRING: -c 'echo a b'"

	stateDir = "/var/tmp/filelock-UID or the directory that FILELOCK_STATE_DIR names"

	lockExample = `  T=$(filelock lock -w 60 --pid $$ "$L") || exit
  ...
  filelock unlock --token "$T" "$L"`
	unlockExample = `  filelock unlock --token "$T" "$L"`
	lockHint      = `T=$(filelock lock --pid $$ "$L") || exit`
	scriptsUse    = "scripts use T=$(filelock lock --pid $$ LOCK)"
	scriptsUnlock = ` and filelock unlock --token "$T" LOCK`
	pidUsage      = "the process that is to own the lock: `P`, $$ in a script"
	pidHint       = "--pid $$ is the shell script itself"
	whichPIDHint  = "--pid takes the process id of the process that is to own the lock: $$ in a shell script"

	orDirectory = ", or lock the directory itself with run --hard"

	unseenHint = "some process holds its kernel lock, which this user cannot see: fuser or lsof as root name it; the lock ends with it"
)
