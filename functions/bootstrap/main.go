// Command bootstrap is the one binary of all Lambda functions. It serves the handler of package
// functions that _HANDLER names, over AWS.
//
// It is also the only place where errors are translated: the class of an error becomes the
// errorType that Retry and Catch of the state machines match. Nothing is read or opened before
// the first invocation, so that a wrong setting is an answer with a class, and no crash of a
// process that says nothing.
package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/sethvargo/go-envconfig"

	"github.com/pilotage/pilotage/shared/clock"
)

func main() {
	lookuper := settings{envconfig.OsLookuper()}
	name, _ := lookuper.Lookup("_HANDLER")
	lambda.Start(&function{name: name, lookuper: lookuper, log: logger(os.Stderr, lookuper), clock: clock.System{}})
}

// logger writes JSON lines. What the runtime library logs is in our own lines already, with
// more about it, so it is shown for debugging only.
func logger(to io.Writer, lookuper envconfig.Lookuper) *slog.Logger {
	var level slog.Level
	text, _ := lookuper.Lookup("PILOTAGE_LOG_LEVEL")
	// A level that is none is info: no reason not to deploy.
	_ = level.UnmarshalText([]byte(text))
	log := slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: level}))
	slog.SetDefault(log)
	slog.SetLogLoggerLevel(slog.LevelDebug)
	return log
}
