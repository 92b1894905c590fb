package lab

import (
	"os"
	"syscall"
)

// kill kills a program with the process group that it leads.
func kill(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL) // fails when it has ended, which is what is wanted
}
