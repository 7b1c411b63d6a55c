package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// manPages are the pages of the manual, by name.
func manPages(date, version string) (map[string]string, []*cobra.Command) {
	root := (&app{out: &output{w: io.Discard}, errs: io.Discard}).root()
	about := []*cobra.Command{root}
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			about = append(about, c)
		}
	}
	m := manual{date: date, version: version}
	for _, c := range about {
		m.pages = append(m.pages, pageName(c))
	}
	pages := map[string]string{}
	for _, c := range about {
		pages[pageName(c)] = m.page(c)
	}
	return pages, about
}

// FILELOCK_MAN_DIR is where the pages are written, for archives and packages.
// They are of the date SOURCE_DATE_EPOCH, so that the same sources make the same
// pages, and name FILELOCK_MAN_VERSION. Without these, it is a rehearsal.
func TestManPagesAreWritten(t *testing.T) {
	dir, epoch, version := os.Getenv("FILELOCK_MAN_DIR"), os.Getenv("SOURCE_DATE_EPOCH"), os.Getenv("FILELOCK_MAN_VERSION")
	if dir == "" {
		dir, epoch, version = t.TempDir(), "0", "v0.0.0"
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || version == "" {
		t.Fatalf("SOURCE_DATE_EPOCH is %q and FILELOCK_MAN_VERSION %q: both are needed", epoch, version)
	}
	date := time.Unix(seconds, 0).UTC().Format(time.DateOnly)
	pages, _ := manPages(date, version)
	if again, _ := manPages(date, version); !maps.Equal(pages, again) {
		t.Error("the same sources make other pages")
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(dir, name+".1"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// set is what roff would set of a page, in one line: requests and escapes gone.
func set(t *testing.T, page string) string {
	t.Helper()
	request := regexp.MustCompile(`^\.(TH|SH|B|TP|PP|RS|RE|nf|fi|nh|ad)( .*)?$`)
	unescape := strings.NewReplacer(`\fB`, "", `\fR`, "", `\e`, `\`, `\-`, "-", `\(aq`, "'", `\(ga`, "`", `\(ha`, "^", `\(ti`, "~", `\(dq`, `"`, `\&`, "")
	var words []string
	for line := range strings.SplitSeq(strings.TrimSuffix(page, "\n"), "\n") {
		switch {
		case request.MatchString(line):
			line, _ = strings.CutPrefix(line, ".B ")
			if strings.HasPrefix(line, ".") {
				continue
			}
		case strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'"):
			t.Errorf("roff would take this for a request: %q", line)
		case line == "":
			t.Error("there is an empty line, which manuals have none of")
		}
		for _, r := range line {
			if r > '~' || r < ' ' {
				t.Errorf("%q is not plain ASCII", line)
				break
			}
		}
		words = append(words, strings.Fields(unescape.Replace(line))...)
	}
	return strings.Join(words, " ")
}

func TestManPagesSayAllThatTheHelpSays(t *testing.T) {
	pages, about := manPages("2026-11-24", "v1.2.3")
	for _, sub := range subcommands {
		if pages["filelock-"+sub.name] == "" {
			t.Errorf("there is no page about %s", sub.name)
		}
	}
	for _, cmd := range about {
		name := pageName(cmd)
		text := set(t, pages[name])
		for _, section := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"} {
			if !strings.Contains(pages[name], "\n.SH "+section+"\n") {
				t.Errorf("%s has no section %s", name, section)
			}
		}
		said := []string{cmd.Short, cmd.UseLine(), cmd.Long, cmd.Example}
		for flag := range strings.Lines(cmd.LocalFlags().FlagUsages()) {
			said = append(said, flag)
		}
		for code := range strings.Lines(cmd.Annotations["exit"]) {
			said = append(said, code)
		}
		if len(said) < 6 {
			t.Errorf("%s: little is known: %q", name, said)
		}
		for _, want := range said {
			if want = strings.Join(strings.Fields(want), " "); !strings.Contains(text, want) {
				t.Errorf("%s does not say\n%s\nbut\n%s", name, want, text)
			}
		}
		if !strings.Contains(pages[name], `"2026-11-24" "filelock v1.2.3"`) {
			t.Errorf("%s is not of the date and version: %.120s", name, pages[name])
		}
	}
}

func TestManPagesTakeNoTextForRequests(t *testing.T) {
	got := paragraphs(".sp 9\n'br\n\\fBx --y \"z\"\n\n  .nf\n    b\n\nend")
	want := "\\&.sp 9\n\\(aqbr\n\\efBx \\-\\-y \\(dqz\\(dq\n.PP\n.RS 2\n.nf\n\\&.nf\n  b\n.fi\n.RE\n.PP\nend\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
