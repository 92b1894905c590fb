package scenario

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

	"github.com/pilotage/pilotage/local/mailbox"
	"github.com/pilotage/pilotage/local/world"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/aws/lambdaurl"
	"github.com/pilotage/pilotage/shared/commands"
)

// approve does what an approver does: it waits for the mail, and then opens the link, reads the
// page, types the code and decides. Nothing but the mail tells it the code. An approver who
// decides by command reads the plan there, and signs with their own access key.
func (s *run) approve(ctx context.Context, wanted Approve) error {
	mail, err := s.world.Mailbox.Wait(ctx, wanted.By, func(m mailbox.Mail) bool { return strings.Contains(m.Subject, "approve ") })
	if ctx.Err() != nil {
		return fmt.Errorf("approve: nobody asked %s for approval", wanted.By)
	}
	if err != nil {
		return fmt.Errorf("wait for the approval mail to %s: %w", wanted.By, err)
	}
	if wanted.Via == approval.ByIdentity {
		return s.approveByCommand(ctx, wanted, mail)
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
	plan := regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(page)
	if len(plan) != 2 {
		return errors.New("the approval page has no form")
	}
	form := url.Values{"code": {code[1]}, "decision": {wanted.Decision}, "reason": {wanted.Reason}, "plan": {html.UnescapeString(plan[1])}}
	if _, err := fetch(ctx, http.MethodPost, link, form); err != nil {
		return err
	}
	s.view.Note(fmt.Sprintf("%s opens the mail, reads the plan and decides: %s", wanted.By, wanted.Decision))
	return nil
}

// approveByCommand does what "pilotage approve" does.
func (s *run) approveByCommand(ctx context.Context, wanted Approve, asked mailbox.Mail) error {
	id := regexp.MustCompile(`pilotage approve (\S+)`).FindStringSubmatch(asked.Body)
	if len(id) != 2 {
		return errors.New("the approval mail names no command")
	}
	shown, err := s.send(ctx, wanted.By, commands.Command{Verb: commands.Show, Deployment: id[1]})
	if err != nil {
		return err
	}
	if shown.Vote == nil || !shown.Vote.Open {
		return fmt.Errorf("%s cannot decide on %s", wanted.By, id[1])
	}
	_, err = s.send(ctx, wanted.By, commands.Command{Verb: wanted.Decision, Deployment: id[1], Reason: wanted.Reason, Plan: shown.Vote.Plan})
	if err != nil {
		return err
	}
	s.view.Note(fmt.Sprintf("%s reads the plan and decides by command: %s", wanted.By, wanted.Decision))
	return nil
}

// send sends a command, signed with a person's access key.
func (s *run) send(ctx context.Context, by string, command commands.Command) (commands.Answer, error) {
	key, known := s.world.Keys[by]
	if !known {
		return commands.Answer{}, fmt.Errorf("%s has no access key in this world", by)
	}
	client, err := lambdaurl.NewLocal(s.world.CommandURL, world.Region, key.ID, key.Secret, s.runner.Clock.Now)
	if err != nil {
		return commands.Answer{}, err
	}
	return client.Send(ctx, command)
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
