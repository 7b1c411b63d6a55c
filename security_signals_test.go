package filelock_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// signalling are the calls that send a signal, by their last name.
var signalling = map[string]bool{
	"Kill": true, "Signal": true, "Tgkill": true, "Tkill": true, "PidfdSendSignal": true,
	"SysKill": true, "SYS_KILL": true, "SYS_TGKILL": true, "SYS_TKILL": true, "SYS_RT_SIGQUEUEINFO": true, "SYS_PIDFD_SEND_SIGNAL": true,
	"SendSignal": true, "Terminate": true, "Suspend": true, "Resume": true, "SendSignalWithContext": true, "KillWithContext": true, "TerminateWithContext": true,
}

// mayReceive are the receivers of signals: the command's own child, and (where
// Signal is a type or a text) nobody. Nothing else in this module sends one.
var mayReceive = map[string]bool{
	"cmd/filelock/process_linux.go: unix.Kill": true,
	"cmd/filelock/process_other.go: p.Kill":    true, "cmd/filelock/process_other.go: p.Signal": true, "cmd/filelock/process_unix.go: p.Signal": true,
	"cmd/filelock: syscall.Signal": true, // the type
	"cmd/filelock: os.Signal":      true, // the type
	"cmd/filelock: ws.Signal":      true, // what a child died of
	"internal/explore: m.Kill":     true, // a move of the model

	"internal/doctor/second.go: s.cmd.Process.Kill": true, // doctor's own second process
	"internal/explore: s.W.Kill":                    true, // a process that is simulated
}

// No process is ever probed with a signal, not even with signal 0. A probe of
// the kind restic makes (SIGHUP) ends the process that has the pid by now.
func TestNoSourceSendsASignalToProbeAProcess(t *testing.T) {
	seen := 0
	must(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "bench" || path != "." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		seen++
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, call := range signalsIn(f) {
			file := filepath.ToSlash(path)
			if !mayReceive[file+": "+call] && !mayReceive[filepath.ToSlash(filepath.Dir(path))+": "+call] {
				t.Errorf("%s has %s: a process is looked at (meta.Look), never sent a signal", path, call)
			}
		}
		return nil
	}))
	if seen < 50 {
		t.Fatalf("only %d source files were looked at", seen)
	}
}

func signalsIn(f *ast.File) (calls []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && signalling[s.Sel.Name] {
			calls = append(calls, dotted(s))
		}
		return true
	})
	return calls
}

// dotted is a.b.c as it is written.
func dotted(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return dotted(e.X) + "." + e.Sel.Name
	}
	return "(...)"
}

func TestTheSearchForSignalsFindsThem(t *testing.T) {
	const src = `package p
func f() { unix.Kill(pid, 0); q.process.Signal(nil); g().Signal(s); unix.Syscall(unix.SYS_KILL, 1, 0, 0); unix.Getpgid(1) }`
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", src, parser.SkipObjectResolution)
	must(t, err)
	if got := strings.Join(signalsIn(f), " "); got != "unix.Kill q.process.Signal (...).Signal unix.SYS_KILL" {
		t.Errorf("found %q", got)
	}
}
