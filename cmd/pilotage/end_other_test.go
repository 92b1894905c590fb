//go:build !linux

package main_test

import "testing"

// testEnd needs /proc to see what is left.
func testEnd(*testing.T, program) {}
