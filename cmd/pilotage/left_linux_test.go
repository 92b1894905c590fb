package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// processes are those that the demonstration has started, by number and command: they carry its
// mark, come from its folder or serve its database.
func (r running) processes() []string {
	r.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(entries) == 0 {
		r.Fatalf("no processes are seen: %v", err)
	}
	var found []string
	for _, entry := range entries {
		// Of a process that has ended there is nothing to read.
		command, _ := os.ReadFile(filepath.Join(entry, "cmdline"))
		environment, _ := os.ReadFile(filepath.Join(entry, "environ"))
		ours := strings.Contains(string(command), r.out) || strings.Contains(string(command), r.databasePrefix()) ||
			strings.Contains(string(environment), "PILOTAGE_TEST="+r.out)
		if ours && len(command) > 0 && filepath.Base(entry) != fmt.Sprint(r.cmd.Process.Pid) {
			found = append(found, filepath.Base(entry)+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}

// databasePrefix is how the folder of the database begins when it is a temporary one.
func (r running) databasePrefix() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("pilotage-world-%d-", r.cmd.Process.Pid))
}

// databases are the folders with files of the database.
func (r running) databases() []string {
	r.Helper()
	temporary, err := filepath.Glob(r.databasePrefix() + "*")
	if err != nil {
		r.Fatal(err)
	}
	inWorld, err := filepath.Glob(filepath.Join(r.out, "worlds", "*", "postgres"))
	if err != nil {
		r.Fatal(err)
	}
	return append(temporary, inWorld...)
}
