package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// WriteJSON writes the report to path, whole or not at all. Every list is there, though it may be
// empty. Repeating it replaces the file.
func WriteJSON(path string, r Report) error {
	return writeFile(path, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(listed(r))
	})
}

// listed is the report with empty lists where it had none, because readers of JSON should not
// have to tell null from [].
func listed(r Report) Report {
	r.Scenarios = append([]Scenario{}, r.Scenarios...)
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		s.Problems = append([]string{}, s.Problems...)
		s.Weights = append([]WeightAt{}, s.Weights...)
		s.Path = append([]StateAt{}, s.Path...)
		s.Mails = append([]Mail{}, s.Mails...)
		s.Series = append([]Second{}, slices.Clone(s.Series)...)
		for j := range s.Series {
			if s.Series[j].Releases == nil {
				s.Series[j].Releases = map[string]Tally{}
			}
		}
	}
	return r
}

// writeFile fills a file beside path and then renames it, so that a reader never sees half of it.
func writeFile(path string, fill func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write report %q: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
			err = fmt.Errorf("write report %q: %w", path, err)
		}
	}()
	if err := fill(file); err != nil {
		_ = file.Close()
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		_ = file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
