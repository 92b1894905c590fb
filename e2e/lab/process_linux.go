package lab

import "syscall"

// attributes put the program into a process group of its own, which is killed as one, and have
// the kernel kill it when this process dies.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
