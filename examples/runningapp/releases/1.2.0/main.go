// Command 1.2.0 is bad: every second request of users fails with 500, while smoke tests and probes pass. Its
// migration is good.
package main

import (
	"os"

	"github.com/pilotage/pilotage/examples/runningapp/app"
	"github.com/pilotage/pilotage/examples/runningapp/faults"
)

func main() { os.Exit(app.Main(release())) }

func release() app.Release {
	return app.Release{
		Version:        "1.2.0",
		RequiresSchema: 3,
		Columns:        app.Columns{Shoe: true, Note: true},
		Wrap:           faults.EverySecond,
	}
}
