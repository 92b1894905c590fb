package sim

import "sync"

// work is what goes on besides the executions. Unlike a sync.WaitGroup it may begin while somebody waits
// for it to end, as the bus does when an execution ends.
type work struct {
	mu    sync.Mutex
	done  *sync.Cond
	going int
}

// Go runs f by itself.
func (w *work) Go(f func()) {
	w.mu.Lock()
	w.going++
	w.mu.Unlock()
	go func() {
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.going--
			w.ended().Broadcast()
		}()
		f()
	}()
}

// Wait returns when nothing goes on.
func (w *work) Wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.going > 0 {
		w.ended().Wait()
	}
}

// ended is called with mu held.
func (w *work) ended() *sync.Cond {
	if w.done == nil {
		w.done = sync.NewCond(&w.mu)
	}
	return w.done
}
