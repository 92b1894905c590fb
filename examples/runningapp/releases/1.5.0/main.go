// Command 1.5.0 is bad: requests of users take three times as long, 40 ms at least, and all succeed.
package main

import (
	"os"
	"time"

	"github.com/pilotage/pilotage/examples/runningapp/app"
	"github.com/pilotage/pilotage/examples/runningapp/faults"
)

func main() { os.Exit(app.Main(release())) }

func release() app.Release {
	return app.Release{
		Version:        "1.5.0",
		RequiresSchema: 3,
		Columns:        app.Columns{Shoe: true, Note: true},
		Wrap:           faults.Slower(3, 40*time.Millisecond),
	}
}
