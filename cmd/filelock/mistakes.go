package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func flagError(cmd *cobra.Command, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	var own *usageError
	if errors.As(err, &own) {
		return own
	}
	if !cmd.HasParent() {
		return err // asUsage knows more
	}
	u := usagef("%s: %s", cmd.Name(), err)
	if near := meantFlag(cmd, err); near != "" {
		return u.hint("did you mean --" + near + "?")
	}
	return u.hint("filelock help " + cmd.Name() + " lists the flags")
}

// asUsage turns what cobra says about a command line into a usageError.
func (a *app) asUsage(root *cobra.Command, err error) error {
	var own *usageError
	if errors.As(err, &own) {
		return own
	}
	u := usagef("%s", err)
	if len(a.args) > 0 {
		if near := nearestCommand(root, a.args[0]); near != "" {
			return u.hint("did you mean filelock " + near + "?")
		}
	}
	if meant := a.meantRun(); meant != "" {
		return u.hint("did you mean: " + meant)
	}
	if near := meantFlag(root, err); near != "" {
		return u.hint("did you mean --" + near + "?")
	}
	return u.hint("filelock help lists the commands")
}

// meantRun is the command line with the word run put in, quoted for sh, if
// that is one whose COMMAND can be executed; else "".
func (a *app) meantRun() string {
	f := &runFlags{wait: -1, lease: -1}
	cmd := &cobra.Command{Use: "run", Args: f.arguments}
	f.register(cmd)
	if cmd.ParseFlags(a.args) != nil || f.arguments(cmd, cmd.Flags().Args()) != nil {
		return ""
	}
	if _, err := lookPath(f.argv[0]); err != nil {
		return ""
	}
	line := words(a.args)
	if line == "" {
		return ""
	}
	return "filelock run " + line
}

// nearestCommand is the subcommand that name is a slip of, or "". A path such
// as x.lock is no slip of lock.
func nearestCommand(root *cobra.Command, name string) (near string) {
	if strings.ContainsAny(name, "./") {
		return ""
	}
	best := 3
	for _, c := range root.Commands() {
		d := distance(name, c.Name())
		if c.IsAvailableCommand() && d < best && 2*d < len(c.Name()) {
			best, near = d, c.Name()
		}
	}
	return near
}

// meantFlag is the long flag that err says is not there, as it is spelt, or "".
func meantFlag(cmd *cobra.Command, err error) string {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		return nearestFlag(cmd, unknown.GetSpecifiedName())
	}
	return ""
}

func nearestFlag(cmd *cobra.Command, name string) (near string) {
	best := 3
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if d := distance(name, f.Name); !f.Hidden && d < best {
			best, near = d, f.Name
		}
	})
	return near
}

// distance is how many letters must be changed, added or left out.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		corner := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			swap := corner
			if a[i-1] != b[j-1] {
				swap++
			}
			corner = row[j]
			row[j] = min(swap, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
