//go:build !linux

package meta

type alarm struct{ ticking }
