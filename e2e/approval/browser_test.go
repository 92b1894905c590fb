package approval_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/pilotage/pilotage/local/asl"
)

// browser is where a Chromium is looked for: Debian's, and what others call theirs.
func browser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("no Chromium in PATH; install it, on Debian by: apt-get install chromium")
}

// chromium is a headless Chromium that talks to nobody but the pages it is sent to.
func chromium(t *testing.T) context.Context {
	t.Helper()
	found, err := browser()
	if err != nil {
		t.Skipf("SKIPPED, nothing was seen in a browser: %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(found), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-dev-shm-usage", true),
		// What a page asks of anybody but this machine finds nobody.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
	allocator, release := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(release)
	ctx, closed := chromedp.NewContext(allocator)
	t.Cleanup(closed)
	// The first call starts the browser, which lives as long as the context of that call.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", found, err)
	}
	bounded, cancel := context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	return bounded
}

// shoot keeps a picture of the page under build/screenshots.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatalf("take the picture %s: %v", name, err)
	}
	dir := filepath.Join("..", "..", "build", "screenshots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// look waits for the heading and returns all text of the page.
func look(t *testing.T, ctx context.Context, heading string) string {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.WaitVisible(chromedp.Search(fmt.Sprintf(`//h1[contains(., %q)]`, heading)))); err != nil {
		t.Fatalf("wait for a page headed %q: %v", heading, err)
	}
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestApproverDecidesInABrowser does what an approver does: opens the link from the mail, reads
// the plan, types the code, approves, and sees what came of it, while the deployment goes on.
func TestApproverDecidesInABrowser(t *testing.T) {
	ctx := chromium(t)
	w := open(t)
	link, code := w.ballot(clara)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1024, 900), chromedp.Navigate(link)); err != nil {
		t.Fatal(err)
	}
	text := look(t, ctx, "May this be deployed?")
	for _, want := range []string{"running-app 1.1.0 to production", "RUN-112", anna, "Way back", "It takes 2 of 2 to approve", "not yet", clara + " (you)"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
	shoot(t, ctx, "approval-1-question")
	w.narrow(ctx)
	w.decide(ctx, "0000-0000", "approve")
	if text := look(t, ctx, "May this be deployed?"); !strings.Contains(text, "This is not the code from the mail. 4 tries are left.") {
		t.Errorf("a wrong code: the page says\n%s", text)
	}
	shoot(t, ctx, "approval-3-wrong-code")
	w.decide(ctx, code, "approve")
	if text := look(t, ctx, "You decided"); !strings.Contains(text, "Others have to agree as well") {
		t.Errorf("after the first of two: the page says\n%s", text)
	}
	shoot(t, ctx, "approval-4-first-of-two")
	second, otherCode := w.ballot(approver)
	if err := chromedp.Do(ctx, chromedp.Navigate(second)); err != nil {
		t.Fatal(err)
	}
	look(t, ctx, "May this be deployed?")
	w.decide(ctx, otherCode, "approve")
	if text := look(t, ctx, "Approved"); !strings.Contains(text, "Approved by "+clara+" and "+approver) {
		t.Errorf("after the second of two: the page says\n%s", text)
	}
	shoot(t, ctx, "approval-5-approved")
	if ended := w.end(); ended.Status != asl.StatusSucceeded {
		t.Errorf("the deployment ended as %s: %s %s", ended.Status, ended.Error, ended.Cause)
	}
}

// decide types a code, presses a button and waits for the page that comes of it.
func (w waiting) decide(ctx context.Context, code, button string) {
	w.Helper()
	evaluate[bool](w.T, ctx, `(document.body.id = "asked") !== ""`)
	err := chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#code"), code), chromedp.Click(chromedp.CSS(fmt.Sprintf(`button[value=%q]`, button))), chromedp.WaitVisible(chromedp.CSS("body:not(#asked) h1")))
	if err != nil {
		w.Fatalf("type the code and %s: %v", button, err)
	}
}

// narrow looks at the page on a phone: nothing may be wider than the window, and every control
// must have a name and be large enough for a thumb.
func (w waiting) narrow(ctx context.Context) {
	w.Helper()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(320, 640)); err != nil {
		w.Fatal(err)
	}
	wide := evaluate[bool](w.T, ctx, `document.documentElement.scrollWidth > window.innerWidth`)
	small := evaluate[[]string](w.T, ctx, `[...document.querySelectorAll("button")].filter(b => b.getBoundingClientRect().height < 44).map(b => b.innerText)`)
	nameless := evaluate[[]string](w.T, ctx, `[...document.querySelectorAll("input:not([type=hidden]), textarea")].filter(c => c.labels.length === 0).map(c => c.name)`)
	if wide || len(small) > 0 || len(nameless) > 0 {
		w.Errorf("on a phone: wider than the window: %v; too small: %q; without a label: %q", wide, small, nameless)
	}
	shoot(w.T, ctx, "approval-2-narrow")
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1024, 900)); err != nil {
		w.Fatal(err)
	}
}

// TestPolicyLetsNoScriptIn: whatever somebody smuggles into a text, the page's policy stops it.
func TestPolicyLetsNoScriptIn(t *testing.T) {
	ctx := chromium(t)
	w := open(t)
	link, _ := w.ballot(clara)
	if err := chromedp.Do(ctx, chromedp.Navigate(link)); err != nil {
		t.Fatal(err)
	}
	evaluate[bool](t, ctx, `(() => {
		const script = document.createElement("script");
		script.textContent = "window.smuggled = true";
		document.body.append(script);
		const style = document.createElement("style");
		style.textContent = "main { display: none }";
		document.head.append(style);
		return true;
	})()`)
	if evaluate[bool](t, ctx, `window.smuggled === true`) || evaluate[string](t, ctx, `getComputedStyle(document.querySelector("main")).display`) == "none" {
		t.Error("a script or a style that was put into the page took effect")
	}
	if parts := evaluate[int](t, ctx, `document.querySelectorAll("script[src], img, iframe, link").length`); parts != 0 {
		t.Errorf("the page has %d parts from elsewhere", parts)
	}
	if color := evaluate[string](t, ctx, `getComputedStyle(document.querySelector("button.approve")).backgroundColor`); color != "rgb(11, 107, 58)" {
		t.Errorf("the page's own style does not hold: the button is %s", color)
	}
}

// evaluate runs an expression in the page.
func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("evaluate %s: %v", expression, err)
	}
	return value
}
