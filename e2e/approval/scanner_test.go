package approval_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/world"
	"github.com/pilotage/pilotage/shared/deploy"
)

// answered is a status and a page.
type answered struct {
	status int
	page   string
}

// fetch sends a request as a program without cookies or scripts does.
func (w waiting) fetch(method, address string, form url.Values, header http.Header) answered {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		w.Fatal(err)
	}
	if header != nil {
		request.Header = header
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatal(err)
	}
	return answered{response.StatusCode, string(body)}
}

// links are all addresses in a text.
func links(text string) []string {
	found := regexp.MustCompile(`https?://[^\s<>"')]+`).FindAllString(text, -1)
	for _, reference := range regexp.MustCompile(`(?:href|src|action)="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		found = append(found, html.UnescapeString(reference[1]))
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// plan is the digest that the form of a page asks about.
func plan(page string) string {
	found := regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

// mailed are the texts of every mail that anybody got.
func (w waiting) mailed() []string {
	var texts []string
	for _, mail := range w.Mails() {
		texts = append(texts, mail.Subject+"\n"+mail.Body)
	}
	return texts
}

// TestScannersApproveNothing follows every link of every mail in every way that changes nothing
// for a good server, and then submits every form that it finds, each button of it. Mails are looked
// at more than once on their way, and the codes still work afterwards.
func TestScannersApproveNothing(t *testing.T) {
	w := open(t)
	first, firstCode := w.ballot(clara)
	second, secondCode := w.ballot(approver)
	followed, submitted := 0, 0
	for _, text := range slices.Repeat(w.mailed(), 3) {
		for _, link := range links(text) {
			if !strings.HasPrefix(link, w.ApprovalURL) {
				continue
			}
			w.fetch(http.MethodHead, link, nil, nil)
			w.fetch(http.MethodGet, link, nil, http.Header{"Purpose": {"prefetch"}, "Sec-Purpose": {"prefetch;prerender"}, "X-Moz": {"prefetch"}})
			w.fetch(http.MethodGet, link, nil, http.Header{"User-Agent": {"SafeLinks scanner"}})
			w.fetch(http.MethodOptions, link, nil, nil)
			shown := w.fetch(http.MethodGet, link+"?code=&decision=approve", nil, nil)
			followed++
			for _, inner := range links(shown.page) {
				w.fetch(http.MethodGet, inner, nil, nil)
			}
			for _, button := range regexp.MustCompile(`name="decision" value="([^"]+)"`).FindAllStringSubmatch(shown.page, -1) {
				form := url.Values{"plan": {plan(shown.page)}, "decision": {button[1]}, "reason": {"looks good to me"}}
				if got := w.fetch(http.MethodPost, link, form, nil); got.status != http.StatusForbidden {
					w.Errorf("%s without a code: got %d, want 403", button[1], got.status)
				}
				submitted++
			}
		}
	}
	if followed != 6 || submitted != 18 {
		w.Errorf("followed %d links and submitted %d forms, want 6 and 18: this test has lost its way", followed, submitted)
	}
	v := w.vote()
	for _, b := range v.Ballots {
		if b.Decision.Kind != "" || !b.Delay.At.IsZero() {
			w.Errorf("the ballot of %s has %+v and %+v", b.Approver, b.Decision, b.Delay)
		}
	}
	if v.RefusedCount != submitted || !w.running() {
		w.Errorf("%d attempts were remembered, want %d; it still waits: %v", v.RefusedCount, submitted, w.running())
	}
	for link, code := range map[string]string{first: firstCode, second: secondCode} {
		form := url.Values{"plan": {v.PlanDigest}, "decision": {"approve"}, "code": {code}}
		if got := w.fetch(http.MethodPost, link, form, nil); got.status != http.StatusOK {
			w.Errorf("a person, after the scanners: got %d, want 200", got.status)
		}
	}
	if ended := w.end(); ended.Status != asl.StatusSucceeded {
		w.Errorf("the deployment ended as %s: %s %s", ended.Status, ended.Error, ended.Cause)
	}
}

// TestTamperingIsRefusedAndRecorded tries what somebody with one approver's mail could.
func TestTamperingIsRefusedAndRecorded(t *testing.T) {
	w := open(t)
	link, code := w.ballot(clara)
	other, otherCode := w.ballot(approver)
	digest := plan(w.fetch(http.MethodGet, link, nil, nil).page)
	form := func(code, digest string) url.Values {
		return url.Values{"code": {code}, "decision": {"approve"}, "plan": {digest}}
	}
	for _, test := range []struct {
		name, link string
		form       url.Values
		want       int
	}{
		{"another id", link[:len(link)-1] + "x", form(code, digest), http.StatusNotFound},
		{"an id cut short", link[:len(link)-1], form(code, digest), http.StatusNotFound},
		{"an id that climbs", w.ApprovalURL + "/approve/..%2F" + path.Base(link), form(code, digest), http.StatusNotFound},
		{"the other's code", link, form(otherCode, digest), http.StatusForbidden},
		{"a code turned round", link, form(code[5:]+"-"+code[:4], digest), http.StatusForbidden},
		{"another plan", link, form(code, "sha256:"+strings.Repeat("0", 64)), http.StatusForbidden},
		{"no plan", link, form(code, ""), http.StatusForbidden},
		{"the code twice", link, url.Values{"code": {"0000-0000", code}, "decision": {"approve"}, "plan": {digest}}, http.StatusForbidden},
	} {
		if got := w.fetch(http.MethodPost, test.link, test.form, nil); got.status != test.want {
			w.Errorf("%s: got %d, want %d", test.name, got.status, test.want)
		}
	}
	strays, err := w.Ports.Ledger.Strays(w.Context(), "approval link", w.Ports.Clock.Now().UTC().Format("2006-01-02"))
	if err != nil || strays.Count < 2 {
		w.Errorf("%d requests for unknown links were counted, want 2 at least (error %v)", strays.Count, err)
	}
	if v := w.vote(); v.RefusedCount != 5 || v.Outcome.Kind != "" {
		w.Errorf("got %d refused attempts and outcome %+v, want 5 and none", v.RefusedCount, v.Outcome)
	}
	w.submittedTwice(link, form(code, digest))
	if got := w.fetch(http.MethodPost, other, form(otherCode, digest), nil); got.status != http.StatusOK || !strings.Contains(got.page, "Approved") {
		w.Errorf("the second approver: got %d and\n%s", got.status, got.page)
	}
	if ended := w.end(); ended.Status != asl.StatusSucceeded {
		w.Fatalf("got %s: %s %s", ended.Status, ended.Error, ended.Cause)
	}
	w.recorded(link, form(code, digest))
}

// submittedTwice sends one decision twice at the same moment: it is one decision.
func (w waiting) submittedTwice(link string, form url.Values) {
	w.Helper()
	var work sync.WaitGroup
	statuses := make([]int, 2)
	for i := range statuses {
		work.Go(func() { statuses[i] = w.fetch(http.MethodPost, link, form, nil).status })
	}
	work.Wait()
	slices.Sort(statuses)
	if !slices.Equal(statuses, []int{http.StatusOK, http.StatusForbidden}) {
		w.Errorf("submitted twice at once: got %v, want one 200 and one 403", statuses)
	}
}

// recorded replays a decision after the end, and looks for everything in the change record.
func (w waiting) recorded(link string, form url.Values) {
	w.Helper()
	got := w.fetch(http.MethodPost, link, form, nil)
	if got.status != http.StatusConflict || !strings.Contains(got.page, "You decided already, to approve") || !strings.Contains(got.page, "Approved by") {
		w.Errorf("replayed after the end: got %d and\n%s", got.status, got.page)
	}
	archive, _ := w.Ports.Archive.(world.Archive)
	entry, err := w.Ports.Ledger.Locate(w.Context(), w.id)
	if err != nil || entry.Outcome != deploy.Succeeded {
		w.Fatalf("got %+v and error %v", entry, err)
	}
	text, err := archive.Get(entry.RecordKey + ".txt")
	if err != nil {
		w.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf("%s approved", clara), fmt.Sprintf("%s approved", approver), "It took 2 of 2", clara + " wrong code", "about another plan",
	} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			w.Errorf("the change record does not say %q:\n%s", want, text)
		}
	}
}
