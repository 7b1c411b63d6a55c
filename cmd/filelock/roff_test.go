package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// A manual page is made of what --help says, by the writer below. It is in a
// test file so that the command itself links nothing for it; a generator of its
// own could not import package main, and one behind a build tag is vetted and
// tested by nobody.

// manual is what all pages have in common.
type manual struct {
	date    string   // 2006-01-02
	version string   // as `filelock version` says it
	pages   []string // names, for SEE ALSO
}

// pageName is the name of the page about cmd.
func pageName(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "-")
}

// roffText writes plain text so that roff sets it as it is. A hyphen in a manual
// is nearly always one to be typed, so all of them are.
var roffText = strings.NewReplacer(
	`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`, `"`, `\(dq`,
)

// roffLine is a line of text that begins no request: what begins with a period
// or an apostrophe would be one.
func roffLine(s string) string {
	s = roffText.Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}

// flagLine takes a line of pflag's usages apart: the flag, and what it does.
var flagLine = regexp.MustCompile(`^ +(\S.*?) {3,}(.*)$`)

// dash is a flag's name, as it is typed.
var dash = regexp.MustCompile(`--?[a-zA-Z][-a-zA-Z]*`)

// codeLine is an exit code and its meaning, as `exits` writes them.
var codeLine = regexp.MustCompile(`^ *(\d+)  (.*)$`)

// page is the manual page about cmd.
func (m manual) page(cmd *cobra.Command) string {
	name := pageName(cmd)
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }

	line(`.TH %s 1 %q %q "User Commands"`, roffText.Replace(strings.ToUpper(name)), m.date, "filelock "+m.version)
	line(".nh\n.ad l") // COMMAND is no word to hyphenate, and columns stay columns
	line(".SH NAME")
	line(`%s \- %s`, roffText.Replace(name), roffText.Replace(cmd.Short))
	line(".SH SYNOPSIS")
	line(`\fB%s\fR%s`, roffText.Replace(cmd.CommandPath()), roffText.Replace(strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())))
	line(".SH DESCRIPTION")
	b.WriteString(paragraphs(cmd.Long))
	if cmd.HasAvailableSubCommands() {
		line(".SH COMMANDS")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				line(".TP\n.B %s\n%s", roffText.Replace(c.Name()), roffLine(c.Short))
			}
		}
	}
	line(".SH OPTIONS")
	cmd.InitDefaultHelpFlag()
	for usage := range strings.Lines(cmd.LocalFlags().FlagUsages()) {
		parts := flagLine.FindStringSubmatch(strings.TrimRight(usage, "\n"))
		if parts == nil {
			panic(fmt.Sprintf("a flag's usage is of another form: %q", usage))
		}
		flag := dash.ReplaceAllStringFunc(parts[1], func(s string) string { return "\x01" + s + "\x02" })
		flag = strings.NewReplacer("\x01", `\fB`, "\x02", `\fR`).Replace(roffText.Replace(flag))
		line(".TP\n%s\n%s", flag, roffLine(parts[2]))
	}
	if codes := cmd.Annotations["exit"]; codes != "" {
		line(".SH EXIT STATUS")
		for code := range strings.Lines(codes) {
			code = strings.TrimRight(code, "\n")
			if parts := codeLine.FindStringSubmatch(code); parts != nil {
				line(".TP\n.B %s\n%s", parts[1], roffLine(parts[2]))
			} else {
				line("%s", roffLine(strings.TrimSpace(code)))
			}
		}
	}
	if cmd.Example != "" {
		line(".SH EXAMPLES")
		b.WriteString(unfilled(strings.Split(strings.TrimRight(cmd.Example, "\n"), "\n")))
	}
	var others []string
	for _, p := range m.pages {
		if p != name {
			others = append(others, fmt.Sprintf(`\fB%s\fR(1)`, roffText.Replace(p)))
		}
	}
	line(".SH SEE ALSO\n%s", strings.Join(append(others, `\fBflock\fR(1)`), ",\n"))
	return b.String()
}

// paragraphs sets text: lines that are indented stay as they are, the others
// are filled.
func paragraphs(text string) string {
	var b strings.Builder
	var kept []string
	fresh := true // a paragraph begins here already
	keep := func() {
		if len(kept) == 0 {
			return
		}
		if !fresh {
			b.WriteString(".PP\n")
		}
		b.WriteString(unfilled(kept))
		kept, fresh = nil, false
	}
	for l := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		switch {
		case strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t"):
			kept = append(kept, l)
			continue
		case l == "":
			keep()
			if !fresh {
				b.WriteString(".PP\n")
				fresh = true
			}
			continue
		}
		keep()
		b.WriteString(roffLine(l) + "\n")
		fresh = false
	}
	keep()
	return b.String()
}

// unfilled sets lines as they are, indented once.
func unfilled(lines []string) string {
	var b strings.Builder
	b.WriteString(".RS 2\n.nf\n")
	for _, l := range lines {
		b.WriteString(roffLine(strings.TrimPrefix(l, "  ")) + "\n")
	}
	b.WriteString(".fi\n.RE\n")
	return b.String()
}
