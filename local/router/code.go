package router

// Code names why a call was refused, in the words of the Elastic Load Balancing v2 API where it
// has one. Every refusal wraps one: test with errors.Is(err, router.RuleNotFound).
type Code string

// The codes. Those without an ELB counterpart say so.
const (
	// RuleNotFound: no rule has that ID.
	RuleNotFound Code = "RuleNotFound"
	// RuleExists: a rule has that ID already. ELB makes up the ARN itself, so it has no such code.
	RuleExists Code = "RuleExists"
	// PriorityInUse: another rule has that priority.
	PriorityInUse Code = "PriorityInUse"
	// TooManyRules: the listener has its 100 rules, the default not counted.
	TooManyRules Code = "TooManyRules"
	// OperationNotPermitted: the default rule can neither be deleted nor have conditions.
	OperationNotPermitted Code = "OperationNotPermitted"
	// ValidationError: a value is outside what ELB accepts; the text says which and why.
	ValidationError Code = "ValidationError"
	// TargetGroupNotFound: no target group has that name.
	TargetGroupNotFound Code = "TargetGroupNotFound"
	// DuplicateTargetGroupName: a target group with other settings has that name.
	DuplicateTargetGroupName Code = "DuplicateTargetGroupName"
	// ResourceInUse: a rule still forwards to the target group.
	ResourceInUse Code = "ResourceInUse"
	// InvalidTarget: the target is no http URL of a loopback host and port.
	InvalidTarget Code = "InvalidTarget"
	// DrainCut: the deregistration delay passed with requests in flight; they were cut off.
	// Not an ELB code: ELB cuts silently.
	DrainCut Code = "DrainCut"
	// AddressInUse: another process listens on the address. Not an ELB code.
	AddressInUse Code = "AddressInUse"
	// NotLoopback: the address to listen on is reachable from other machines. Not an ELB code.
	NotLoopback Code = "NotLoopback"
	// Closed: the router was closed, or started before. Not an ELB code.
	Closed Code = "Closed"
)

// Error is the code's name.
func (c Code) Error() string { return string(c) }
