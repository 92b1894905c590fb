package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/pilotage/pilotage/local/mailbox"
)

// approve does what an approver does: it waits for the mail, opens the link, reads the page,
// types the code and decides. Nothing but the mail tells it the code.
func (s *run) approve(ctx context.Context) error {
	wanted := s.file.Approve
	mail, err := s.world.Mailbox.Wait(ctx, wanted.By, func(m mailbox.Mail) bool { return strings.Contains(m.Subject, "approve ") })
	if ctx.Err() != nil {
		return fmt.Errorf("approve: nobody asked %s for approval", wanted.By)
	}
	if err != nil {
		return fmt.Errorf("wait for the approval mail to %s: %w", wanted.By, err)
	}
	link := regexp.MustCompile(`http://\S+/approve/\S+`).FindString(mail.Body)
	code := regexp.MustCompile(`(?m)^\s+(\d{4}-\d{4})$`).FindStringSubmatch(mail.Body)
	if link == "" || len(code) != 2 {
		return errors.New("the approval mail has no link or no code")
	}
	page, err := fetch(ctx, http.MethodGet, link, nil)
	if err != nil {
		return err
	}
	if !strings.Contains(page, "<form") {
		return errors.New("the approval page has no form")
	}
	form := url.Values{"code": {code[1]}, "decision": {wanted.Decision}, "reason": {wanted.Reason}}
	if _, err := fetch(ctx, http.MethodPost, link, form); err != nil {
		return err
	}
	s.view.Note(fmt.Sprintf("%s opens the mail, reads the plan and decides: %s", wanted.By, wanted.Decision))
	return nil
}

func fetch(ctx context.Context, method, link string, form url.Values) (string, error) {
	request, err := http.NewRequestWithContext(ctx, method, link, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("make the request for the approval page: %w", err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("open the approval page: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", fmt.Errorf("read the approval page: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the approval page answered %d", response.StatusCode)
	}
	return string(body), nil
}
