//go:build !linux

package builder

import "syscall"

// attributes put a build into a process group of its own, which is ended as a whole.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
