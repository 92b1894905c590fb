package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// approve does what an approver does: wait for the mail, open the link, read the page, and type the
// code. Nothing but the mail tells them either.
func (s *story) approve(ctx context.Context, id, by string) error {
	mail, err := s.mail(ctx, id, by, "approve ")
	if err != nil {
		return err
	}
	link := regexp.MustCompile(`https://\S+/approve/\S+`).FindString(mail.Message)
	code := regexp.MustCompile(`(?m)^\s+(\d{4}-\d{4})$`).FindStringSubmatch(mail.Message)
	if link == "" || len(code) != 2 {
		return fmt.Errorf("the approval mail to %s has no link or no code:\n%s", by, mail.Message)
	}
	status, page, err := s.browse(ctx, http.MethodGet, link, nil)
	if err != nil {
		return err
	}
	if status != http.StatusOK || !strings.Contains(page, "<form") || !strings.Contains(page, by) {
		return fmt.Errorf("the approval page answered %d and is not the form of %s", status, by)
	}
	form := hidden(page)
	form.Set("decision", "approve")
	form.Set("code", "0000-0000")
	status, _, err = s.browse(ctx, http.MethodPost, link, form)
	if err != nil {
		return err
	}
	if status == http.StatusOK {
		s.wrong("a wrong code was answered with 200")
	}
	s.progress("%s reads the plan and approves", by)
	form.Set("code", code[1])
	status, page, err = s.browse(ctx, http.MethodPost, link, form)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the approval was answered with %d: %s", status, page)
	}
	return err
}

// hidden are the fields that a browser sends without showing them.
func hidden(page string) url.Values {
	form := url.Values{}
	for _, field := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(page, -1) {
		form.Set(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
	}
	return form
}

// mail waits for a mail about a deployment.
func (s *story) mail(ctx context.Context, id, to, subject string) (mail, error) {
	for {
		found := s.mails.about(func(m mail) bool { return m.To == to && strings.Contains(m.Subject, subject) && m.concerns(id) })
		if len(found) > 0 {
			return found[0], nil
		}
		if ctx.Err() != nil {
			return mail{}, errors.Join(fmt.Errorf("%s got no mail %q about %s", to, subject, id), ctx.Err())
		}
		waitABit(ctx, pollEvery)
	}
}

func (s *story) browse(ctx context.Context, method, link string, form url.Values) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, link, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := s.identity.client.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("open the approval page: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, string(body), err
}
