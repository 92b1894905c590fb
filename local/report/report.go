// Package report is what a person sees of a demonstration: a live view while it runs, then a
// table, a JSON file and a page that needs nothing but itself.
package report

import "time"

// Report is the outcome of a whole demonstration.
type Report struct {
	// OK says that every scenario went as expected.
	OK        bool       `json:"ok"`
	Scenarios []Scenario `json:"scenarios"`
}

// Scenario is the outcome of one scenario. Seconds count from its start unless said otherwise.
type Scenario struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Expected and Outcome are outcomes of package deploy, such as "rolled-back".
	Expected string `json:"expected"`
	Outcome  string `json:"outcome"`
	OK       bool   `json:"ok"`
	// Problems name each expectation that was not met, and what was seen instead.
	Problems []string `json:"problems"`
	// Requests is what users sent while the scenario ran; Failed of them were answered with
	// 5xx; Lost got no answer or were sent to an empty or stopped slot.
	Requests int `json:"requests"`
	Failed   int `json:"failed"`
	Lost     int `json:"lost"`
	// SecondsToRestore runs from the first bad answer to 100 % back; 0 when nothing had to be
	// restored.
	SecondsToRestore float64 `json:"secondsToRestore"`
	// Weights is each change of the weights of the environment that the scenario watches.
	Weights []WeightAt `json:"weights"`
	// SchemaBefore and SchemaAfter are the schema versions of that environment.
	SchemaBefore int64 `json:"schemaBefore"`
	SchemaAfter  int64 `json:"schemaAfter"`
	// Path is each state that was entered, of every execution of the scenario.
	Path []StateAt `json:"path"`
	// Transitions counts them; waiting loops included.
	Transitions int `json:"transitions"`
	// ForecastSeconds is what the plan said, ActiveSeconds what it took, both from taking the
	// lock to its return.
	ForecastSeconds float64 `json:"forecastSeconds"`
	ActiveSeconds   float64 `json:"activeSeconds"`
	// Seconds is how long the scenario took, set-up left out.
	Seconds float64 `json:"seconds"`
	// Series is what users saw, by second and by the release that answered.
	Series []Second `json:"series"`
	Mails  []Mail   `json:"mails"`
	// Record is the change record as text.
	Record string `json:"record"`
	// Error is set when the scenario could not be run at all.
	Error string `json:"error,omitempty"`
}

// WeightAt is a change of weights.
type WeightAt struct {
	Seconds float64   `json:"seconds"`
	At      time.Time `json:"at"`
	Blue    int       `json:"blue"`
	Green   int       `json:"green"`
}

// StateAt is a state that was entered.
type StateAt struct {
	Seconds float64   `json:"seconds"`
	At      time.Time `json:"at"`
	// Machine is "deploy" or "rollback", Execution the name of the execution.
	Machine   string `json:"machine"`
	Execution string `json:"execution"`
	State     string `json:"state"`
}

// Second is what users saw within one second.
type Second struct {
	Seconds float64 `json:"seconds"`
	// Releases is by version; "(unknown)" holds what no release answered.
	Releases map[string]Tally `json:"releases"`
}

// Tally counts requests and tells how long they took.
type Tally struct {
	Requests int `json:"requests"`
	Failed   int `json:"failed"`
	Lost     int `json:"lost"`
	// P99Millis is the latency that 99 % stayed below, in milliseconds.
	P99Millis float64 `json:"p99Millis"`
}

// Mail is one that was sent.
type Mail struct {
	Seconds float64 `json:"seconds"`
	To      string  `json:"to"`
	Subject string  `json:"subject"`
	Body    string  `json:"body"`
}

// View shows a demonstration while it runs. Its methods are called from several goroutines
// and return quickly.
type View interface {
	// Begin says that a scenario begins: the number-th of total.
	Begin(name, description string, number, total int)
	// Note is something worth a line: set-up, a mail, a decision, a fault.
	Note(text string)
	// State says that an execution entered a state.
	State(state StateAt)
	// Weights says that the weights have changed.
	Weights(weights WeightAt)
	// Traffic is told several times a second what users see.
	Traffic(rate Rate)
	// End says how the scenario ended.
	End(scenario Scenario)
	// Close gives the terminal back. Repeating it is safe.
	Close()
}

// Rate is what users see at a moment.
type Rate struct {
	// PerSecond is by version, over the last second.
	PerSecond map[string]float64
	// Requests, Failed and Lost are since the scenario began.
	Requests, Failed, Lost int
	// ErrorsPerSecond is over the last second: failed and lost together.
	ErrorsPerSecond float64
	// FailedPerSecond is the part of PerSecond that failed, by version. It may be nil; then only
	// the errors of all releases together are shown.
	FailedPerSecond map[string]float64
}
