//go:build race

package filelock_test

const raceDetector = true
