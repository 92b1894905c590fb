package ledger

import (
	"context"
	"fmt"

	"github.com/pilotage/pilotage/shared/deploy"
)

// ReleaseExecution gives back the lock that an execution took, even when the execution never
// learned of it: a function that died after Acquire left a lease that nobody knows. It does
// nothing when the lock is free or another execution has it. Repeating it is safe.
func (l *Ledger) ReleaseExecution(ctx context.Context, scope deploy.Scope, execution string) error {
	err := update(ctx, l, partition(scope), lockSort, func(lock *Lock) error {
		if lock.Owner == "" || lock.Execution != execution {
			return errUnchanged
		}
		*lock = Lock{Token: lock.Token}
		return nil
	})
	if err != nil {
		return fmt.Errorf("release the lock of %s: %w", scope, err)
	}
	return nil
}
