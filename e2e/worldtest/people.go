package worldtest

import (
	"testing"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/notify"
)

// Sender tests notify.Sender.
func Sender(t *testing.T, s Subject) {
	before := len(s.Sent(t))
	messages := []notify.Message{
		{ID: "contract#1", Scope: s.Scope, To: "team@running-app.example.com", Subject: "Läuft: 1.1.0 → staging", Body: "First line\n\nThird line\n"},
		{ID: "contract#2", Scope: s.Scope, To: "oncall@running-app.example.com", Subject: "It could not be taken back", Body: "Come.\n", Urgent: true},
	}
	for _, message := range messages {
		must(t, s.World.Sender.Send(t.Context(), message))
	}
	s.until(t, "both messages have arrived", func() bool { return len(s.Sent(t)) >= before+len(messages) })
	for i, want := range messages {
		if s.Delivered != nil {
			want = s.Delivered(want)
		}
		if got := s.Sent(t)[before+i]; got != want {
			t.Errorf("got message %+v, want %+v", got, want)
		}
	}
}

// Archive tests record.Archive.
func Archive(t *testing.T, s Subject) {
	const key = "records/contract/a/b.txt"
	for _, text := range []string{"first", "", "second\n"} {
		must(t, s.World.Archive.Put(t.Context(), key, []byte(text)))
		if got := s.Stored(t, key); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	for _, outside := range []string{"../b.txt", "records/../../b.txt", "/b.txt", ""} {
		refused(t, "key "+outside, s.World.Archive.Put(t.Context(), outside, nil), fault.Invalid)
	}
}
