package main

// What --help and the hints say where Windows differs from the others.
const (
	runManual = `Hold LOCK while COMMAND runs.

run takes flock(1)'s command line. Flags end at LOCK. After it comes COMMAND
with its arguments, or -c STRING for the shell ($SHELL, else %ComSpec%, which is
cmd.exe). While another owner holds LOCK, run waits; the lock of an owner that
died is taken over. It waits in silence: see --verbose, and filelock inspect LOCK
for what can end the wait.

COMMAND runs with run's standard input, output and error; it inherits no other
handle. When run dies, however it does, the lock is free, and so COMMAND and all
that it started are killed with run: they are in a job object, which none of them
can leave. What COMMAND has left in the background when it ends goes on, and does
not hold the lock. COMMAND finds in its environment FILELOCK_PATH, FILELOCK_TOKEN
(names this acquisition) and, with --fence, FILELOCK_FENCE. Its arguments come to
it as they were written, with all their quotes.

A soft lock on a network filesystem has a lease of 60s, or as --lease says; with
--lease a local one has, too. run renews it for as long as it runs, and when it
could not for all of it (frozen, suspended, cut off from the server) the lock is
lost: others may take it. If run itself can run, it knows before they do, ends
COMMAND as --on-lost says, and exits with 75. If only run was suspended, COMMAND
goes on beside the next owner until run is resumed. What COMMAND writes then a
resource can reject by its fence: a number that is higher in each acquisition.
What a directory can be trusted with, filelock doctor DIR finds out.

Ctrl-C and Ctrl-Break, which the console sends to COMMAND too, end run while it
waits for the lock; after that run ends when COMMAND has, with COMMAND's exit
code. When the console is closed, at logoff and at shutdown, COMMAND is told as
well, and run waits for it, until Windows kills both after some seconds.

Durations are seconds, also fractions, or written as in 1m30s.`

	runExample = `  filelock run C:\jobs\job.lock backup --all
  filelock run -n -E 0 job.lock job.cmd        # not twice, and nothing said about it
  filelock run -w 30 job.lock -c "a && b"
  filelock run --hard -s data.lock report      # shares with other -s
  filelock run --lease 1m --fence job.lock job   # a frozen job loses the lock`

	runExits = `       COMMAND's own, all 32 bits of it; 130 if Ctrl-C or Ctrl-Break ended
       run while it waited, 143 if the closing of the console did
`
	closeUsage  = "COMMAND does not inherit the lock's descriptor: on Windows it never does"
	hardUsage   = "the operating system's lock on the file (LockFileEx); the file stays"
	onLostUsage = "what becomes of COMMAND when the lock is lost: `term` or kill (on Windows the same: it is killed with all that it started) or ignore; without a lease that is noticed when COMMAND has ended"

	noForkHint    = "leave -F out: if run is killed, COMMAND is killed with it"
	noCommandHint = "COMMAND is a program in %PATH% or a path; for the shell's own commands, such as dir, use -c STRING"
	noShellHint   = "there is no such program as $SHELL names, for Windows at least: without it, cmd.exe runs STRING"
	quoteHint     = `quote the whole STRING: -c "echo a b"`

	stateDir = `%LocalAppData%\filelock\sights or the directory that FILELOCK_STATE_DIR names`

	lockExample = `  $t = filelock lock -w 60 --pid $PID $lock; if (!$?) { exit 1 }     # PowerShell
  ...
  filelock unlock --token $t $lock`
	unlockExample = `  filelock unlock --token $t $lock`
	lockHint      = `PowerShell: $t = filelock lock --pid $PID $lock`
	scriptsUse    = "PowerShell scripts use $t = filelock lock --pid $PID LOCK"
	scriptsUnlock = " and filelock unlock --token $t LOCK"
	pidUsage      = "the process that is to own the lock: `P`, $PID in PowerShell (not $$ of Cygwin or MSYS, which is no pid of Windows)"
	pidHint       = "--pid $PID is the PowerShell script itself"
	whichPIDHint  = "--pid takes the process id of the process that is to own the lock: $PID in PowerShell; $$ of Cygwin, MSYS and Git Bash is not one (/proc/$$/winpid has it)"

	orDirectory = ""

	unseenHint = "some process holds its kernel lock, which this user cannot see: Resource Monitor (resmon) shows who has the file open; the lock ends with it"
)
