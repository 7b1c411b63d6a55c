package meta

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"strings"
)

// ask reads the command line; about knows the rest. Whose /proc it is, the
// caller has asked.
func ask(_ context.Context, pid int) Description {
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil {
		return Description{}
	}
	return Description{Command: strings.TrimSpace(string(bytes.ReplaceAll(bytes.TrimRight(line, "\x00"), []byte{0}, []byte{' '})))}
}
