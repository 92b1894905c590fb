package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/pilotage/pilotage/shared/ledger"
)

const (
	racers = 50
	rounds = 10
)

// oneWinner lets 50 goroutines write the same version of one key, ten times over: a lock is
// built on there being one winner each time, and on the winner being who the item says.
func oneWinner(t *testing.T, store ledger.Store) {
	ctx := bounded(t)
	for round := range rounds {
		won := make([]bool, racers)
		together(func(racer int) {
			_, err := store.Put(ctx, ledger.Item{
				Partition: "ledgertest#race", Sort: "key",
				Version: int64(round), Body: fmt.Appendf(nil, "%d", racer),
			})
			won[racer] = err == nil
			if err != nil && !errors.Is(err, ledger.ErrConflict) {
				t.Errorf("round %d, racer %d: %v", round, racer, err)
			}
		})
		var winners []int
		for racer, first := range won {
			if first {
				winners = append(winners, racer)
			}
		}
		if len(winners) != 1 {
			t.Fatalf("round %d: got %d winners, want 1", round, len(winners))
		}
		want := ledger.Item{
			Partition: "ledgertest#race", Sort: "key",
			Version: int64(round) + 1, Body: fmt.Appendf(nil, "%d", winners[0]),
		}
		same(t, get(t, store, want.Partition, want.Sort), want)
	}
}

// losesNoIncrement lets 50 goroutines increment one number by reading, and writing again when
// they conflict.
func losesNoIncrement(t *testing.T, store ledger.Store) {
	ctx := bounded(t)
	put(t, store, ledger.Item{Partition: "ledgertest#count", Sort: "key", Body: []byte("0")})
	together(func(int) {
		if err := increment(ctx, store); err != nil {
			t.Error(err)
		}
	})
	got := get(t, store, "ledgertest#count", "key")
	if string(got.Body) != strconv.Itoa(racers) || got.Version != racers+1 {
		t.Errorf("got %s at version %d, want %d at version %d", got.Body, got.Version, racers, racers+1)
	}
}

func increment(ctx context.Context, store ledger.Store) error {
	for {
		item, err := store.Get(ctx, "ledgertest#count", "key")
		if err != nil {
			return err
		}
		count, err := strconv.Atoi(string(item.Body))
		if err != nil {
			return err
		}
		item.Body = strconv.AppendInt(nil, int64(count)+1, 10)
		if _, err := store.Put(ctx, item); !errors.Is(err, ledger.ErrConflict) {
			return err
		}
	}
}

// together runs all the racers from the same moment and waits for them.
func together(race func(racer int)) {
	start := make(chan struct{})
	var running sync.WaitGroup
	for racer := range racers {
		running.Go(func() {
			<-start
			race(racer)
		})
	}
	close(start)
	running.Wait()
}
