//go:build !linux

package lab

import "syscall"

// attributes put the program into a process group of its own, which is killed as one.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
