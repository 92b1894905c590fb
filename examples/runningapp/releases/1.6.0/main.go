// Command 1.6.0 is bad: it exits with code 1 before it listens.
package main

import (
	"os"

	"github.com/pilotage/pilotage/examples/runningapp/app"
	"github.com/pilotage/pilotage/examples/runningapp/faults"
)

func main() { os.Exit(app.Main(release())) }

func release() app.Release {
	return app.Release{
		Version:        "1.6.0",
		RequiresSchema: 3,
		Columns:        app.Columns{Shoe: true, Note: true},
		Start:          faults.FailsToStart("read the list of shoes: shoes.json: no such file"),
	}
}
