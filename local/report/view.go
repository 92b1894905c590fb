package report

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Mode chooses how a view shows itself.
type Mode string

const (
	// Auto repaints when the output is a terminal and writes plain lines when it is not.
	Auto Mode = ""
	// Plain writes one line per event, wherever it goes.
	Plain Mode = "plain"
	// Live repaints in place, wherever it goes.
	Live Mode = "live"
)

// Options say how a view looks. The zero value suits a command line.
type Options struct {
	Mode Mode
	// Now is the time; time.Now when nil.
	Now func() time.Time
	// Size is how many columns and rows there are now. When nil, a terminal is asked each time,
	// so that it may be resized; anything else counts as 80 by 24.
	Size func() (columns, rows int)
	// Getenv reads the environment, of which NO_COLOR and TERM matter; os.Getenv when nil.
	Getenv func(name string) string
}

// NewView is a view on out, and safe for concurrent use. Nothing else may write to out until the
// view was closed. What out answers to writes is not looked at: a demonstration goes on when
// nobody watches.
func NewView(out io.Writer, options Options) View {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Getenv == nil {
		options.Getenv = os.Getenv
	}
	if options.Size == nil {
		options.Size = sizeOf(out)
	}
	if options.Mode == Auto {
		options.Mode = Plain
		if isTerminal(out) && options.Getenv("TERM") != "dumb" {
			options.Mode = Live
		}
	}
	if options.Mode == Plain {
		return &plain{out: out, now: options.Now}
	}
	return newLive(out, options)
}

// descriptor is what files have and buffers have not.
type descriptor interface{ Fd() uintptr }

func isTerminal(out io.Writer) bool {
	file, ok := out.(descriptor)
	return ok && term.IsTerminal(int(file.Fd()))
}

func sizeOf(out io.Writer) func() (columns, rows int) {
	return func() (int, int) {
		if file, ok := out.(descriptor); ok {
			if columns, rows, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 && rows > 0 {
				return columns, rows
			}
		}
		return 80, 24
	}
}
