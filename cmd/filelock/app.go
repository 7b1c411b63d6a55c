package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
)

// app is one invocation. Answers go to out; everything else goes to errs, in
// lines that begin "filelock:" or "hint:".
type app struct {
	in   io.Reader
	out  *output
	errs io.Writer
	args []string // the command line
	ran  bool     // a subcommand was found and its arguments were right

	network bool // --network

	start   func(childPlan) (*child, error) // starts COMMAND
	signals *signals                        // once they are caught; until the process ends
}

// output remembers the first error, so that an answer that could not be given
// is never a success.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// run is the whole command. COMMAND of `filelock run` inherits the process's
// own standard descriptors, whatever in, out and errs are.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) exitCode {
	a := &app{in: in, out: &output{w: out}, errs: errs, args: args, start: childPlan.start}
	return a.run(ctx)
}

func (a *app) run(ctx context.Context) exitCode {
	names := a.named()
	root := a.root(names...)
	root.SetArgs(a.args)
	done, err := false, error(nil)
	if len(names) == 0 {
		done, err = a.rootItself(root)
	}
	if !done {
		err = root.ExecuteContext(ctx)
	}
	if err != nil && !a.ran {
		err = a.asUsage(root, err)
	}
	if a.out.err != nil {
		err = &codeError{code: exitInternal, err: fmt.Errorf("the answer could not be written: %w", a.out.err)}
	}
	return a.report(err)
}

// subcommands makes each of them, by name.
var subcommands = []struct {
	name string
	make func(*app) *cobra.Command
}{
	{"run", (*app).runCommand}, {"inspect", (*app).inspectCommand}, {"list", (*app).listCommand}, {"reap", (*app).reapCommand},
	{"break", (*app).breakCommand}, {"wait", (*app).waitCommand}, {"lock", (*app).lockCommand}, {"unlock", (*app).unlockCommand},
	{"doctor", (*app).doctorCommand}, {"version", (*app).versionCommand},
}

// named is the subcommand that the command line begins with, or nothing if it
// begins with none: then all of them may matter.
func (a *app) named() []string {
	for _, c := range subcommands {
		if len(a.args) > 0 && a.args[0] == c.name {
			return a.args[:1]
		}
	}
	return nil
}

// root has only the subcommands that are named, or all with help and
// completion if none is.
func (a *app) root(names ...string) *cobra.Command {
	root := &cobra.Command{
		Use:   "filelock COMMAND",
		Short: "Locks for shell scripts and cron jobs that a dead owner never wedges",
		Long: `filelock runs commands under a lock, and explains locks.

A lock is a file. It says who holds it; when the owner has died, the next one
who wants the lock proves that and takes it over. A live owner never loses it.`,
		Example: `  filelock run /var/lib/job/job.lock backup --all
  filelock inspect /var/lib/job/job.lock`,
		Args:               cobra.ArbitraryArgs,
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true, // asUsage makes them
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("there is no command %q", args[0])
			}
			return usagef("say what to do").hint("filelock help lists the commands; filelock run LOCK COMMAND is the usual one")
		},
	}
	root.SetIn(a.in)
	root.SetOut(a.out) // before InitDefaultCompletionCmd, which takes it over
	root.SetErr(a.errs)
	root.SetHelpFunc(help)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(a.helpCommand())
	root.DisableFlagsInUseLine = true
	for _, c := range subcommands {
		if len(names) == 0 || slices.Contains(names, c.name) {
			root.AddCommand(c.make(a))
		}
	}
	if len(names) == 0 {
		root.InitDefaultCompletionCmd()
		exits(root, "", nil, exitUsage)
	} else {
		root.CompletionOptions.DisableDefaultCmd = true
	}
	for _, c := range root.Commands() {
		c.DisableFlagsInUseLine = true // the synopsis names them
		if c.Name() == "completion" {
			a.explainCompletion(c)
		}
	}
	return root
}

func (a *app) explainCompletion(c *cobra.Command) {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("say for which shell").hint("filelock completion bash|zsh|fish|powershell")
		}
		return usagef("there is no completion for %q", args[0]).hint("filelock completion bash|zsh|fish|powershell")
	}
	exits(c, "", nil, exitUsage)
}

// checked makes fn a subcommand's RunE: from there on, errors are no longer
// those of the command line.
func (a *app) checked(fn func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.ran = true
		return fn(cmd, args)
	}
}

// help writes a command's help. A template of cobra's would say it as well, but
// with package text/template in the program the linker has to keep every
// method that a template could name: a quarter of the program, of which some is
// read into memory whenever it starts.
func help(cmd *cobra.Command, _ []string) {
	about := cmd.Long
	if about == "" {
		about = cmd.Short
	}
	if about != "" {
		about = strings.TrimRightFunc(about, unicode.IsSpace) + "\n\n"
	}
	about += cmd.UsageString()
	if codes := cmd.Annotations["exit"]; codes != "" {
		about += "\nExit status:\n" + codes
	}
	_, _ = io.WriteString(cmd.OutOrStdout(), about) // output keeps the error
}

// exits puts the exit codes of a command into its help: own are those with a
// meaning of this command's own, before is what no number says.
func exits(cmd *cobra.Command, before string, own map[exitCode]string, codes ...exitCode) {
	all := maps.Clone(own)
	if all == nil {
		all = map[exitCode]string{}
	}
	for _, c := range codes {
		all[c] = c.meaning()
	}
	b := strings.Builder{}
	b.WriteString(before)
	for _, c := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "  %3d  %s\n", c, all[c])
	}
	cmd.Annotations = map[string]string{"exit": b.String()}
}

// argCount is cobra's check of the number of arguments, in our words.
func argCount(least, most int, want string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usagef("%s: %s is missing", cmd.Name(), want).hint("usage: " + cmd.UseLine())
		case most >= 0 && len(args) > most:
			return usagef("%s: %q is one argument too many", cmd.Name(), args[most]).hint("usage: " + cmd.UseLine())
		}
		return nil
	}
}
