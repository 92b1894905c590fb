package scenario

import (
	"errors"
	"io/fs"
	"os"

	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/yamlfile"
)

// Load reads a scenario and everything that it names, and starts nothing. An error is
// fault.Invalid and has every problem, one a line: where it is, what is wrong and what would be
// right.
func Load(path string) (File, config.File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return File{}, config.File{}, fault.New(fault.Invalid, "read scenario: %w", err)
	}
	document, err := yamlfile.Parse(path, text)
	if err != nil {
		return File{}, config.File{}, err
	}
	file := File{path: path}
	if err := document.Decode(&file); err != nil {
		return File{}, config.File{}, err
	}
	c := &checker{document: document, file: file}
	c.given()
	if err := c.fail(); err != nil {
		return File{}, config.File{}, err
	}
	if c.settings, err = config.Load(file.beside(file.Settings)); err != nil {
		if unreadable := new(fs.PathError); errors.As(err, &unreadable) {
			c.wrong("settings", "%v", err)
			err = c.fail()
		}
		return File{}, config.File{}, err
	}
	for _, check := range []func(){c.start, c.check} {
		check()
		if err := c.fail(); err != nil {
			return File{}, config.File{}, err
		}
	}
	return file, c.settings, c.describe()
}
