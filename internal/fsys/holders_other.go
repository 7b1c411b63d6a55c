//go:build !linux

package fsys

import (
	"context"
	"errors"
)

func holders(context.Context, ID) ([]Holder, error) { return nil, errors.ErrUnsupported }
