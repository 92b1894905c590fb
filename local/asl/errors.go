package asl

// Error is a refusal of the service's API, under the name that AWS gives it. Compare with
// errors.Is: most come wrapped in what was being done.
type Error string

// Error is the name.
func (e Error) Error() string { return string(e) }

// What the engine's methods refuse with.
const (
	// ErrExecutionAlreadyExists: the machine has, or had, an execution of that name, and it is
	// no longer running or was started with another input.
	ErrExecutionAlreadyExists = Error("ExecutionAlreadyExists")
	// ErrExecutionDoesNotExist: there is no execution with that ARN.
	ErrExecutionDoesNotExist = Error("ExecutionDoesNotExist")
	// ErrStateMachineDoesNotExist: Define was never called with that name.
	ErrStateMachineDoesNotExist = Error("StateMachineDoesNotExist")
	// ErrInvalidName: not 1 to 80 characters, or one that an ARN cannot hold.
	ErrInvalidName = Error("InvalidName")
	// ErrInvalidExecutionInput: the input is no JSON or larger than 256 KiB.
	ErrInvalidExecutionInput = Error("InvalidExecutionInput")
	// ErrInvalidOutput: the output of a task is no JSON or larger than 256 KiB.
	ErrInvalidOutput = Error("InvalidOutput")
	// ErrTaskDoesNotExist: no task ever had that token.
	ErrTaskDoesNotExist = Error("TaskDoesNotExist")
	// ErrTaskTimedOut: the task of that token is over: answered before, timed out, or its
	// execution has ended.
	ErrTaskTimedOut = Error("TaskTimedOut")
	// ErrShutDown: Shutdown was called; nothing new starts.
	ErrShutDown = Error("ShutDown")
)
