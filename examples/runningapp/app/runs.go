package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// maxBody is the size of the largest request body, in bytes.
const maxBody = 16 << 10

const (
	defaultLimit = 20
	maxLimit     = 100
)

// page chooses which runs are listed.
type page struct {
	// Runner is empty for everybody's.
	Runner string
	// Before lists runs with a smaller id; 0 begins with the newest.
	Before int64
	Limit  int
}

// createRun stores a run: 201 with the run. With dryRun=true the run goes as far as the database
// and is taken back: 200 with the run and the id 0, so that a check can write without a trace.
func (s *Service) createRun(w http.ResponseWriter, r *http.Request) error {
	var run Run
	if err := decode(w, r, &run); err != nil {
		return err
	}
	if err := run.check(s.now(), s.release.Columns); err != nil {
		return err
	}
	if r.URL.Query().Get("dryRun") == "true" {
		if err := s.store.try(r.Context(), run); err != nil {
			return err
		}
		writeJSON(w, http.StatusOK, run)
		return nil
	}
	id, err := s.store.insert(r.Context(), run)
	if err != nil {
		return err
	}
	run.ID = id
	w.Header().Set("Location", "/runs/"+strconv.FormatInt(id, 10))
	writeJSON(w, http.StatusCreated, run)
	return nil
}

func (s *Service) listRuns(w http.ResponseWriter, r *http.Request) error {
	p, err := readPage(r)
	if err != nil {
		return err
	}
	runs, err := s.store.runs(r.Context(), p)
	if err != nil {
		return err
	}
	if runs == nil {
		runs = []Run{} // a list in JSON, not null
	}
	writeJSON(w, http.StatusOK, map[string]any{"runs": runs})
	return nil
}

func (s *Service) readRun(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return invalid("id", "must be a number from 1")
	}
	run, err := s.store.run(r.Context(), id)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, run)
	return nil
}

func (s *Service) readStats(w http.ResponseWriter, r *http.Request) error {
	runner := r.URL.Query().Get("runner")
	if err := checkText("runner", runner, maxRunner); err != nil {
		return err
	}
	stats, err := s.store.stats(r.Context(), runner)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, stats)
	return nil
}

func readPage(r *http.Request) (page, error) {
	query := r.URL.Query()
	p := page{Runner: query.Get("runner"), Limit: defaultLimit}
	if err := checkText("runner", p.Runner, maxRunner); err != nil {
		return page{}, err
	}
	var err error
	if text := query.Get("limit"); text != "" {
		if p.Limit, err = strconv.Atoi(text); err != nil || p.Limit < 1 || p.Limit > maxLimit {
			return page{}, invalid("limit", fmt.Sprintf("must be 1 to %d", maxLimit))
		}
	}
	if text := query.Get("before"); text != "" {
		if p.Before, err = strconv.ParseInt(text, 10, 64); err != nil || p.Before < 1 {
			return page{}, invalid("before", "must be the id of a run")
		}
	}
	return p, nil
}

// decode reads a body of exactly one JSON object without unknown fields.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("something follows the object")
		}
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &problem{
			Status: http.StatusRequestEntityTooLarge,
			Text:   fmt.Sprintf("the body is larger than %d bytes", large.Limit),
		}
	}
	return &problem{Status: http.StatusBadRequest, Text: "the body is not a run in JSON: " + err.Error()}
}
