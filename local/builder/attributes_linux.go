package builder

import "syscall"

// attributes put a build into a process group of its own, which is ended as a whole, and make
// the kernel end it when this process dies.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
