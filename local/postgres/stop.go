package postgres

// Stop shuts the server down: sessions are cut, transactions in flight roll back, what was
// committed is on disk. A server that does not end within Config.StopTimeout is killed, and
// recovers at its next start. Repeating it is safe.
func (i *Instance) Stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.running == nil {
		return
	}
	i.running.stop(i.cfg.Clock, i.cfg.StopTimeout)
	i.running = nil
}
