// Command 1.1.0 is a good release: a run can name the shoe. Its migration adds a column that 1.0.0 does not know.
package main

import (
	"os"

	"github.com/pilotage/pilotage/examples/runningapp/app"
)

func main() { os.Exit(app.Main(release())) }

func release() app.Release {
	return app.Release{
		Version:        "1.1.0",
		RequiresSchema: 2,
		Columns:        app.Columns{Shoe: true},
	}
}
