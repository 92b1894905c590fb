// Command 1.4.0 is bad: it starts and listens but is never ready.
package main

import (
	"os"

	"github.com/pilotage/pilotage/examples/runningapp/app"
	"github.com/pilotage/pilotage/examples/runningapp/faults"
)

func main() { os.Exit(app.Main(release())) }

func release() app.Release {
	return app.Release{
		Version:        "1.4.0",
		RequiresSchema: 3,
		Columns:        app.Columns{Shoe: true, Note: true},
		Ready:          faults.NeverReady("the table of personal bests has 0 of 4 parts loaded"),
	}
}
