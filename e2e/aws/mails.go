package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
)

// mails is the mailbox of everybody: SNS posts notifications to it.
type mails struct {
	mu   sync.Mutex
	sent []mail
}

// mail is one that arrived. To is whose subscription it came by, Topic the topic's ARN.
type mail struct{ To, Topic, Subject, Message string }

// ServeHTTP takes one notification. The query says whose subscription it came by.
func (m *mails) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	var note struct{ Type, TopicArn, Subject, Message string }
	if json.NewDecoder(r.Body).Decode(&note) == nil && note.Message != "" && note.Type == "Notification" {
		m.mu.Lock()
		m.sent = append(m.sent, mail{r.URL.Query().Get("to"), note.TopicArn, note.Subject, note.Message})
		m.mu.Unlock()
	}
	rw.WriteHeader(http.StatusOK)
}

// about are the mails that name something, such as a deployment's id, in the order of their
// arrival.
func (m *mails) about(chosen func(mail) bool) []mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.sent), func(one mail) bool { return !chosen(one) })
}

// subscribe subscribes the mailbox as the template subscribes people, with the same filters: the
// emulation sends no mail, and its CloudFormation has no subscriptions.
func (w *world) subscribe(ctx context.Context, topics map[string]string) error {
	for _, s := range w.subscriptions {
		arn := topics[s.Topic]
		if arn == "" {
			continue // the alarms' topic: the emulation has no alarms
		}
		if s.Protocol != "email" {
			return fmt.Errorf("subscribe %s to %s: protocol %q is not provided for", s.Endpoint, s.Topic, s.Protocol)
		}
		values := map[string]string{"TopicArn": arn, "Protocol": "http", "Endpoint": w.mailbox + "/?to=" + url.QueryEscape(s.Endpoint)}
		if s.Filter != nil {
			filter, err := json.Marshal(s.Filter)
			if err != nil {
				return err
			}
			values["Attributes.entry.1.key"], values["Attributes.entry.1.value"] = "FilterPolicy", string(filter)
		}
		if _, err := w.emulator().query(ctx, "sns", "Subscribe", "2010-03-31", values); err != nil {
			return fmt.Errorf("subscribe %s to %s: %w", s.Endpoint, s.Topic, err)
		}
	}
	return nil
}
