// Command 1.3.0 is bad: its expand migration moves the distance into another column and drops the old one, which
// the running release reads and writes. The migration lint refuses it.
package main

import (
	"os"

	"github.com/pilotage/pilotage/examples/runningapp/app"
)

func main() { os.Exit(app.Main(release())) }

func release() app.Release {
	return app.Release{
		Version:        "1.3.0",
		RequiresSchema: 3,
		Columns:        app.Columns{Shoe: true, Kilometres: true},
	}
}
