package main

import (
	"context"
	"fmt"
)

func (w *world) play(ctx context.Context) error {
	fmt.Println("skipped types:", w.skipped)
	return nil
}
