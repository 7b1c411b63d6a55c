package main

import (
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

// wantsVersion gives the root command, if it is what the command line means, its
// flag --version, and says whether it is set. Cobra's own, which this is like,
// says a line of its own, or needs a template: see help.
func (a *app) wantsVersion(root *cobra.Command) bool {
	root.InitDefaultHelpCmd()
	if cmd, _, err := root.Find(a.args); err != nil || cmd != root {
		return false
	}
	version := root.Flags().BoolP("version", "v", false, "version for "+root.Name())
	root.InitDefaultHelpFlag()
	if err := root.ParseFlags(a.args); err != nil {
		return false // and says so once more
	}
	help, err := root.Flags().GetBool("help")
	return err == nil && *version && !help
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
