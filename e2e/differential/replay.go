package differential

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// The pace of a replay. Each question costs the emulation as much as a state does, so an execution
// is asked after when it should be over. A story that takes longer than the limit has lost its way.
const (
	pollEvery   = 200 * time.Millisecond
	overWithin  = 10 * time.Second
	replayLimit = 4 * time.Minute
)

// Replay runs what a trace recorded through the emulation, with the recorded answers: every
// execution that no other one starts, one after the other. Executions that never began there
// are left out. Problems are those of answering, by execution.
func (e Emulated) Replay(ctx context.Context, script *Script, recorded Trace) (Trace, map[Key][]string, error) {
	ctx, cancel := context.WithTimeout(ctx, replayLimit)
	defer cancel()
	script.Learn(recorded)
	for _, execution := range recorded {
		if execution.Parent != (Key{}) {
			continue
		}
		if err := e.run(ctx, execution, script.Over(execution.Key)); err != nil {
			return nil, nil, err
		}
	}
	var replayed Trace
	problems := map[Key][]string{}
	for _, execution := range recorded {
		made, err := e.read(ctx, execution.Key)
		var absent *types.ExecutionDoesNotExist
		switch {
		case errors.As(err, &absent):
			continue
		case err != nil:
			return nil, nil, err
		}
		made.Parent = execution.Parent
		var trouble []string
		if made.Calls, trouble = script.Heard(execution.Key); len(trouble) > 0 {
			problems[execution.Key] = trouble
		}
		replayed = append(replayed, made)
	}
	return replayed, problems, nil
}
