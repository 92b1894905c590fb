// Command 1.0.0 is the first release: log runs, read statistics.
package main

import (
	"os"

	"github.com/pilotage/pilotage/examples/runningapp/app"
)

func main() { os.Exit(app.Main(release())) }

func release() app.Release {
	return app.Release{
		Version:        "1.0.0",
		RequiresSchema: 1,
	}
}
