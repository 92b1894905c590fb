package main

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/pilotage/pilotage/shared/fault"
)

// maxMessage bounds what an execution carries of an error: its document has 256 KiB in all.
const maxMessage = 8 << 10

// translate makes the answer of an error. aws-lambda-go takes the name of an error's Go type
// for errorType, unless it gets its own InvokeResponse_Error, by value.
func translate(err error) messages.InvokeResponse_Error {
	class := fault.Of(err)
	var classified *fault.Error
	if !errors.As(err, &classified) && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		// The invocation ran out of time.
		class = fault.Transient
	}
	return messages.InvokeResponse_Error{Type: string(class), Message: cut(err.Error())}
}

// panicked is the answer of a panic. What was panicked with, and where, stays in the log. The
// process ends after it: who knows in what state it is.
func panicked() messages.InvokeResponse_Error {
	return messages.InvokeResponse_Error{
		Type: string(fault.Internal), Message: "the function panicked, which is a defect of pilotage; its log has the stack", ShouldExit: true,
	}
}

func cut(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + " [cut]"
}
