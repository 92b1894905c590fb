package mailbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/mailbox"
	"github.com/pilotage/pilotage/shared/fault"
)

const message = "Date: Tue, 03 Feb 2026 04:05:06 +0000\r\n" +
	"From: \"Pilotage\" <pilotage@localhost>\r\n" +
	"To: ops@example.com\r\n" +
	"Subject: =?utf-8?q?Bitte_pr=C3=BCfen=3A_running=2Dapp_1=2E4=2E0?=\r\n" +
	"X-Pilotage-Deployment: d-1\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\n" +
	"Content-Transfer-Encoding: 8bit\r\n" +
	"\r\n" +
	"Grüße,\r\n" +
	"\r\n" +
	"\tapprove with 123-456\r\n"

func TestDeliverWritesAMessageThatCatShows(t *testing.T) {
	box := newBox(t)
	deliver(t, box, mailbox.Mail{
		To: "ops@example.com", Subject: "Bitte prüfen: running-app 1.4.0",
		Body:    "Grüße,\n\n\tapprove with 123-456",
		Headers: map[string]string{"x-pilotage-deployment": "d-1"},
	})
	path := filepath.Join(box.Dir, "ops@example.com", "20260203T040506.000000007Z-000001.eml")
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != message {
		t.Errorf("got  %q\nwant %q", got, message)
	}
}

func TestReadReturnsWhatWasDelivered(t *testing.T) {
	long := strings.Repeat("wörter und ", 60)
	for name, sent := range map[string]mailbox.Mail{
		"plain":             {To: "a@example.com", Subject: "hello", Body: "one\ntwo\n"},
		"name":              {To: `"Ops, Nacht" <ops@example.com>`, Subject: "x", Body: "x\n"},
		"unicode":           {To: "jörg@example.com", Subject: "Größe 🚀", Body: "żółć 🚀\n"},
		"long subject":      {To: "a@example.com", Subject: strings.TrimSpace(long), Body: "x\n"},
		"long ascii":        {To: "a@example.com", Subject: strings.Repeat("word  word ", 50) + "end", Body: "x\n"},
		"like encoded":      {To: "a@example.com", Subject: "=?utf-8?q?not=20me?=", Body: "x\n"},
		"long lines":        {To: "a@example.com", Body: strings.Repeat("=é", 600) + "\nend. \n"},
		"control":           {To: "a@example.com", Body: "\x1b[31mred\x00\n"},
		"looks like a head": {To: "a@example.com", Body: "Subject: other\n\nFrom here\n.\n..\n"},
		"blank":             {To: "a@example.com", Body: "\n"},
		"headers":           {To: "a@example.com", Body: "x\n", Headers: map[string]string{"X-One": "1", "Reply-To": "é"}},
		"quoted local":      {To: `"a/../b"@example.com`, Body: "x\n"},
	} {
		box := newBox(t)
		deliver(t, box, sent)
		got := only(t, box, sent.To)
		if got.To != sent.To || got.Subject != sent.Subject || got.Body != sent.Body || fmt.Sprint(got.Headers) != fmt.Sprint(sent.Headers) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, sent)
		}
		checkMessage(t, name, box, sent.To)
	}
}

func TestBodiesGetTheSameLineEnds(t *testing.T) {
	box := newBox(t)
	deliver(t, box, mailbox.Mail{To: "a@example.com", Body: "one\r\ntwo\rthree"})
	if got, want := only(t, box, "a@example.com").Body, "one\ntwo\nthree\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDeliverRefusesWhatCouldDeceive(t *testing.T) {
	good := mailbox.Mail{To: "a@example.com", Subject: "s", Body: "b"}
	header := func(name, value string) mailbox.Mail {
		m := good
		m.Headers = map[string]string{name: value}
		return m
	}
	with := func(edit func(*mailbox.Mail)) mailbox.Mail {
		m := good
		edit(&m)
		return m
	}
	for name, bad := range map[string]mailbox.Mail{
		"no address":               with(func(m *mailbox.Mail) { m.To = "" }),
		"half an address":          with(func(m *mailbox.Mail) { m.To = "a@" }),
		"two addresses":            with(func(m *mailbox.Mail) { m.To = "a@example.com, b@example.com" }),
		"address with a break":     with(func(m *mailbox.Mail) { m.To = "a@example.com\r\nBcc: b@example.com" }),
		"name with a break":        with(func(m *mailbox.Mail) { m.To = "=?utf-8?q?a=0d=0aBcc?= <a@example.com>" }),
		"endless address":          with(func(m *mailbox.Mail) { m.To = strings.Repeat("a", 300) + "@example.com" }),
		"subject with a break":     with(func(m *mailbox.Mail) { m.Subject = "s\r\nBcc: b@example.com" }),
		"subject with a lone LF":   with(func(m *mailbox.Mail) { m.Subject = "s\nBcc: b@example.com" }),
		"subject with a lone CR":   with(func(m *mailbox.Mail) { m.Subject = "s\rBcc: b@example.com" }),
		"subject with an escape":   with(func(m *mailbox.Mail) { m.Subject = "\x1b[2J" }),
		"subject not UTF-8":        with(func(m *mailbox.Mail) { m.Subject = "\xff" }),
		"endless subject":          with(func(m *mailbox.Mail) { m.Subject = strings.Repeat("s", 901) }),
		"body not UTF-8":           with(func(m *mailbox.Mail) { m.Body = "\xff" }),
		"header with a break":      header("X-A", "1\r\n\r\nbody"),
		"header name with a break": header("X-A: 1\r\nX-B", "2"),
		"header name with a colon": header("X:A", "1"),
		"empty header name":        header("", "1"),
		"the mailbox's own header": header("subject", "other"),
		"a content header":         header("Content-Type", "text/html"),
		"two spellings":            with(func(m *mailbox.Mail) { m.Headers = map[string]string{"X-A": "1", "x-a": "2"} }),
	} {
		box := newBox(t)
		if err := box.Deliver(t.Context(), bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got error %v, want one of class Invalid", name, err)
		}
		files, err := filepath.Glob(filepath.Join(box.Dir, "*", "*"))
		if err != nil || len(files) > 0 {
			t.Errorf("%s: a refused mail left %q behind (%v)", name, files, err)
		}
	}
}

func TestFoldersStayInsideTheDir(t *testing.T) {
	box := newBox(t)
	for _, to := range []string{`"../../x"@example.com`, `".hidden"@example.com`, `"a b\\c"@example.com`, "Case@Example.COM"} {
		deliver(t, box, mailbox.Mail{To: to, Body: "x"})
	}
	entries, err := os.ReadDir(box.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	want := []string{"%2e.%2f..%2fx@example.com", "%2ehidden@example.com", "a%20b%5cc@example.com", "case@example.com"}
	if !slices.Equal(got, want) {
		t.Errorf("got folders %q, want %q", got, want)
	}
	if only(t, box, "case@example.com").Body != "x\n" {
		t.Error("the case of an address matters")
	}
}

func TestReadRefusesNamesThatListCannotGive(t *testing.T) {
	box := newBox(t)
	deliver(t, box, mailbox.Mail{To: "a@example.com", Body: "x"})
	for _, name := range []string{"", ".", "..", "../a@example.com/x.eml", "x.txt", ".draft-1.eml"} {
		if _, err := box.Read("a@example.com", name); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got error %v, want one of class Invalid", name, err)
		}
	}
	if _, err := box.Read("a@example.com", "missing.eml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got error %v, want os.ErrNotExist", err)
	}
	if names, err := box.List("nobody@example.com"); err != nil || len(names) != 0 {
		t.Errorf("got %q and error %v for a recipient without mail, want neither", names, err)
	}
}

func TestConcurrentDeliveriesAllArrive(t *testing.T) {
	dir := t.TempDir()
	// Two mailboxes over one folder stand for two processes.
	boxes := []*mailbox.Mailbox{newBox(t), newBox(t)}
	var delivering sync.WaitGroup
	for i := range 40 {
		boxes[i%2].Dir = dir
	}
	for i := range 40 {
		delivering.Go(func() {
			err := boxes[i%2].Deliver(t.Context(), mailbox.Mail{To: "a@example.com", Subject: fmt.Sprint(i), Body: "x"})
			if err != nil {
				t.Error(err)
			}
		})
	}
	delivering.Wait()
	names, err := boxes[0].List("a@example.com")
	if err != nil {
		t.Fatal(err)
	}
	subjects := make(map[string]bool)
	for _, name := range names {
		got, err := boxes[1].Read("a@example.com", name)
		if err != nil {
			t.Fatal(err)
		}
		subjects[got.Subject] = true
	}
	if len(names) != 40 || len(subjects) != 40 {
		t.Errorf("got %d files with %d subjects, want 40", len(names), len(subjects))
	}
	drafts, err := filepath.Glob(filepath.Join(dir, "*", ".*"))
	if err != nil || len(drafts) > 0 {
		t.Errorf("drafts were left behind: %q (%v)", drafts, err)
	}
}

func TestWaitFindsAMailThatIsThereOrComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newBox(t)
		deliver(t, box, mailbox.Mail{To: "a@example.com", Subject: "first", Body: "x"})
		about := func(subject string) func(mailbox.Mail) bool {
			return func(m mailbox.Mail) bool { return m.Subject == subject }
		}
		if got, err := box.Wait(t.Context(), "a@example.com", about("first")); err != nil || got.Subject != "first" {
			t.Fatalf("got %+v and error %v, want the first mail", got, err)
		}
		found := make(chan string)
		go func() {
			got, err := box.Wait(t.Context(), "A@example.com", about("third"))
			found <- fmt.Sprint(got.Subject, err)
		}()
		for _, subject := range []string{"second", "third"} {
			synctest.Wait()
			select {
			case got := <-found:
				t.Fatalf("wait returned %s before its mail came", got)
			default:
			}
			deliver(t, box, mailbox.Mail{To: "a@example.com", Subject: subject, Body: "x"})
		}
		if got, want := <-found, "third<nil>"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := newBox(t).Wait(ctx, "a@example.com", func(mailbox.Mail) bool { return true })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want DeadlineExceeded", err)
		}
	})
}

func FuzzDeliver(f *testing.F) {
	f.Add("a@example.com", "subject", "body", "X-A", "value")
	f.Add(`"x y" <"a/b"@[127.0.0.1]>`, "=?utf-8?b?4pyT?= é", "\r\n.\r\x1b", "References", "<a> <b>")
	f.Fuzz(func(t *testing.T, to, subject, body, name, value string) {
		box := newBox(t)
		sent := mailbox.Mail{To: to, Subject: subject, Body: body, Headers: map[string]string{name: value}}
		if err := box.Deliver(t.Context(), sent); err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		got := only(t, box, to)
		if got.Subject != strings.TrimSpace(subject) {
			t.Errorf("got subject %q, want %q", got.Subject, subject)
		}
		want := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(body)
		if strings.TrimSuffix(got.Body, "\n") != strings.TrimSuffix(want, "\n") {
			t.Errorf("got body %q, want %q", got.Body, want)
		}
		if len(got.Headers) != 1 {
			t.Errorf("got headers %q, want one", got.Headers)
		}
		for _, v := range got.Headers {
			if v != strings.TrimSpace(value) {
				t.Errorf("got header %q, want %q", v, value)
			}
		}
		checkMessage(t, "fuzz", box, to)
	})
}

// checkMessage reads the file as another mail program would and checks the bounds of RFC 5322.
func checkMessage(t *testing.T, name string, box *mailbox.Mailbox, to string) {
	t.Helper()
	names, err := box.List(to)
	if err != nil || len(names) != 1 {
		t.Fatalf("%s: got %q and error %v, want one mail", name, names, err)
	}
	path, err := box.Path(to, names[0])
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.SplitAfter(string(raw), "\r\n") {
		if len(line) > 1000 || strings.ContainsAny(strings.TrimSuffix(line, "\r\n"), "\r\n\x00\x1b") {
			t.Errorf("%s: a line is no line of mail: %.100q", name, line)
		}
	}
	parsed, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatalf("%s: %v in %q", name, err, raw)
	}
	for _, field := range []string{"From", "To", "Subject", "Date"} {
		if len(parsed.Header[field]) != 1 {
			t.Errorf("%s: %d fields %s", name, len(parsed.Header[field]), field)
		}
	}
	if _, err := mail.ParseAddress(parsed.Header.Get("To")); err != nil {
		t.Errorf("%s: To does not parse: %v", name, err)
	}
	if parsed.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		if _, err := io.ReadAll(quotedprintable.NewReader(parsed.Body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func newBox(t *testing.T) *mailbox.Mailbox {
	t.Helper()
	return &mailbox.Mailbox{
		Dir: t.TempDir(), From: "Pilotage <pilotage@localhost>",
		Now: func() time.Time { return time.Date(2026, 2, 3, 4, 5, 6, 7, time.UTC) },
	}
}

func deliver(t *testing.T, box *mailbox.Mailbox, sent mailbox.Mail) {
	t.Helper()
	if err := box.Deliver(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
}

func only(t *testing.T, box *mailbox.Mailbox, recipient string) mailbox.Mail {
	t.Helper()
	names, err := box.List(recipient)
	if err != nil || len(names) != 1 {
		t.Fatalf("got mails %q and error %v, want one", names, err)
	}
	got, err := box.Read(recipient, names[0])
	if err != nil {
		t.Fatal(err)
	}
	return got
}
