package deploy

import "time"

// LongestWait is the longest that an execution waits under the lock before it looks again.
const LongestWait = 5 * time.Minute

// patienceShare is how much longer a wait may take than it has to: a twentieth.
const patienceShare = 20

// PollSeconds is how long to wait before looking again, at least 1: pollSeconds at first, a
// twentieth of what has been waited when that is more, at most LongestWait, and not past the
// bound of the waiting. So it looks often while that matters, and a wait of a day is about 400
// rounds: Step Functions ends an execution after 25,000 events, and a round is nine of them. Pure.
func PollSeconds(pollSeconds int, waited, bound time.Duration) int {
	wait := max(time.Duration(pollSeconds)*time.Second, waited/patienceShare)
	wait = min(wait, LongestWait, bound-waited)
	return max(1, int((wait+time.Second-1)/time.Second))
}
