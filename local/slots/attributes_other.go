//go:build !linux

package slots

import "syscall"

// attributes keep a Ctrl-C in the terminal away from the process: it is stopped in order.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
