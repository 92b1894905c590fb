package postgres

import (
	"cmp"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who PostgreSQL runs as. The zero account is this process's own.
type account struct {
	name     string
	uid, gid int
}

// accountFor returns the account to run as: this process's own unless it is root.
func accountFor(name string) (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	name = cmp.Or(name, "nobody")
	found, err := user.Lookup(name)
	if err != nil {
		return account{}, fmt.Errorf("look up account %q, which PostgreSQL shall run as: %w", name, err)
	}
	uid, err := strconv.Atoi(found.Uid)
	if err != nil {
		return account{}, err
	}
	gid, err := strconv.Atoi(found.Gid)
	if err == nil && uid == 0 {
		err = fmt.Errorf("account %q is root, and PostgreSQL refuses to run as root; name another", name)
	}
	return account{name: name, uid: uid, gid: gid}, err
}

// String names the account in errors.
func (a account) String() string { return cmp.Or(a.name, "this account") }

// own gives path to the account.
func (a account) own(path string) error {
	if a.name == "" {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// credential is nil when PostgreSQL runs as this process does.
func (a account) credential() *syscall.Credential {
	if a.name == "" {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// canReach says in an error which directory above dir the account cannot enter.
func (a account) canReach(dir string) error {
	if a.name == "" {
		return nil
	}
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return err
		}
		if !a.canEnter(info) {
			return fmt.Errorf("account %q cannot enter directory %q: choose a directory elsewhere, or `chmod o+x` it",
				a.name, parent)
		}
		if parent == filepath.Dir(parent) {
			return nil
		}
	}
}

func (a account) canEnter(info os.FileInfo) bool {
	mode := info.Mode().Perm()
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && int(owner.Uid) == a.uid:
		return mode&0o100 != 0
	case ok && int(owner.Gid) == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// TempDir makes a new directory, as os.MkdirTemp does, in which instances can be created: it
// belongs to the account that PostgreSQL will run as, runAs having the meaning of Config.RunAs.
// The caller removes it.
func TempDir(pattern, runAs string) (string, error) {
	as, err := accountFor(runAs)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", pattern)
	if err != nil {
		return "", fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	if err := as.own(dir); err != nil {
		return "", fmt.Errorf("give directory %q to account %q: %w", dir, as.name, err)
	}
	return dir, nil
}
