package main

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Say which version this is",
		Long:  "Say which version this is, and what it was built with.",
		Args:  argCount(0, 0, ""),
		RunE:  a.checked(func(*cobra.Command, []string) error { return a.sayVersion() }),
	}
	exits(cmd, "", nil, exitUsage)
	return cmd
}

// rootItself does what a command line asks of the root command itself, as cobra
// would: its help, its version, or the error of a flag; done is false if it means
// something else. Cobra's own --version says a line of its own, or needs a
// template: see help.
func (a *app) rootItself(root *cobra.Command) (done bool, err error) {
	if len(a.args) > 0 && (a.args[0] == cobra.ShellCompRequestCmd || a.args[0] == cobra.ShellCompNoDescRequestCmd) {
		root.Version = versionText() // there is a flag to be completed
		return false, nil
	}
	root.InitDefaultHelpCmd()
	// Before the flags are there, as cobra does: a flag that is not known may have
	// the next word for its value.
	if cmd, _, err := root.Find(a.args); err != nil || cmd != root {
		return false, nil
	}
	version := root.Flags().BoolP("version", "v", false, "version for "+root.Name())
	root.InitDefaultHelpFlag()
	if err := root.ParseFlags(a.args); err != nil {
		return true, root.FlagErrorFunc()(root, err)
	}
	switch help, err := root.Flags().GetBool("help"); {
	case help || err != nil:
		return true, errors.Join(err, root.Help())
	case *version:
		return true, a.sayVersion()
	}
	return false, nil
}

func (a *app) sayVersion() error {
	_, err := fmt.Fprintln(a.out, versionText())
	return err
}

// release is the version of a build that is no `go install MODULE@VERSION`, which
// knows its own: archives and packages are linked with
// -ldflags "-X main.release=v1.2.3".
var release string

func versionText() string {
	version, revision, dirty := "(unknown)", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = ", modified"
			}
		}
	}
	if release != "" {
		version = release
	}
	if revision != "" && !strings.Contains(version, revision[:min(12, len(revision))]) {
		version += " (" + revision + dirty + ")"
	}
	return fmt.Sprintf("filelock %s %s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
