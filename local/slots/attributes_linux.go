package slots

import "syscall"

// attributes make the kernel kill the process when this one dies, and keep a Ctrl-C in the
// terminal away from it: it is stopped in order.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
