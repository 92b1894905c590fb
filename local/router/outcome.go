package router

// end is how a request ended.
type end int

const (
	endAnswered end = iota
	endConnectionError
	endLost
	endAborted
)

// outcome is what is counted of a request.
type outcome struct {
	end      end
	status   int // of a complete answer
	failOpen bool
}

func (t *Tally) add(what outcome) {
	t.Requests++
	if what.failOpen {
		t.FailOpen++
	}
	switch what.end {
	case endConnectionError:
		t.ConnectionErrors++
	case endLost:
		t.Lost++
	case endAborted:
		t.Aborted++
	case endAnswered:
		t.addStatus(what.status)
	}
}

func (t *Tally) addStatus(status int) {
	switch {
	case status < 300:
		t.Status2xx++
	case status < 400:
		t.Status3xx++
	case status < 500:
		t.Status4xx++
	default:
		t.Status5xx++
	}
}
