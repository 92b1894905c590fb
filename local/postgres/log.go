package postgres

import (
	"io"
	"os"
	"strings"
)

// logSince is what was written to a log after an offset, the last 16 kB of it at most.
func logSince(path string, offset int64) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close() //nolint:errcheck // only read
	if size, err := file.Seek(0, io.SeekEnd); err == nil {
		offset = max(offset, size-16<<10)
	}
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return ""
	}
	text, _ := io.ReadAll(file) // what could be read is better than nothing
	return string(text)
}

// lastLines keeps the last ten lines, on one line.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], " | ")
}
