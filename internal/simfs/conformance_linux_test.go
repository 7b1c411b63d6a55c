package simfs_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

func TestTheSimulatedFilesystemAnswersAsTmpfs(t *testing.T) {
	path, err := os.MkdirTemp("/dev/shm", "filelock")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		skip(t, "there is no tmpfs to compare with: %v", err)
	}
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(path)) })
	conforms(t, path)
}
