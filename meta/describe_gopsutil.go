//go:build !linux && (!netbsd || amd64 || arm64)

package meta

import (
	"context"
	"math"
	"path/filepath"
	"strings"

	"github.com/shirou/gopsutil/v3/process"
)

// ask decides nothing: gopsutil calls a process dead under hidepid=2 and moves
// its start by a second, so it is used for what people read and nothing else.
func ask(ctx context.Context, pid int) Description {
	var d Description
	if pid > math.MaxInt32 {
		return d
	}
	p := process.Process{Pid: int32(pid)} // NewProcess would look for it first
	if name, err := p.NameWithContext(ctx); err == nil {
		d.Program = filepath.Base(name)
	}
	d.User, _ = p.UsernameWithContext(ctx)
	if line, err := p.CmdlineWithContext(ctx); err == nil {
		d.Command = strings.TrimSpace(line)
	}
	return d
}
