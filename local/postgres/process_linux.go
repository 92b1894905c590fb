package postgres

import "syscall"

// attributes put the program into a process group of its own, so that Ctrl-C reaches only us and
// we decide in which order things stop, and have the kernel shut it down when we are killed:
// SIGINT is PostgreSQL's fast shutdown.
func attributes(as account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as.credential(), Setpgid: true, Pdeathsig: syscall.SIGINT}
}
