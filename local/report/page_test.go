package report

import (
	"os"
	"testing"
)

func TestLook(t *testing.T) {
	if os.Getenv("LOOK") == "" {
		t.Skip()
	}
	if err := WriteHTML(os.Getenv("LOOK"), fixture()); err != nil {
		t.Fatal(err)
	}
	if err := Table(os.Stdout, fixture()); err != nil {
		t.Fatal(err)
	}
}
