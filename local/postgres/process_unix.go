//go:build unix && !linux

package postgres

import "syscall"

// attributes put the program into a process group of its own. There is no parent-death signal
// here: a server that outlives us is taken over by the next Start.
func attributes(as account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as.credential(), Setpgid: true}
}
