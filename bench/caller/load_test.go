package main

import (
	"net/http"
	"testing"
	"time"
)

func loadOf(change func(*Load)) Load {
	load := Load{
		Address: "127.0.0.1:1", ServerName: "localhost", UID: "uid", TimeoutSeconds: 5, RatePerSecond: 500, Seconds: 2,
		Calls: []Call{{Path: "/", Body: "{}"}}, Clients: 1,
	}
	change(&load)
	return load
}

func TestCallsOfALoad(t *testing.T) {
	moments := []Moment{{AtMs: 0}, {AtMs: 90_000}}
	cases := []struct {
		name   string
		change func(*Load)
		want   int
	}{
		{"by time", func(*Load) {}, 1000},
		{"by a limit before that", func(l *Load) { l.Limit = 10 }, 10},
		{"by a limit alone", func(l *Load) { l.Limit, l.Seconds = 10, 0 }, 10},
		{"by moments", func(l *Load) { l.Moments = moments }, 2},
	}
	for _, c := range cases {
		if got, err := loadOf(c.change).calls(); got != c.want || err != nil {
			t.Errorf("%s: %d calls (%v), want %d", c.name, got, err, c.want)
		}
	}
}

func TestLoadsThatAreRefused(t *testing.T) {
	cases := []struct {
		change func(*Load)
		want   string
	}{
		{func(l *Load) { l.UID = "" }, "give address, serverName, uid, calls and timeoutSeconds"},
		{func(l *Load) { l.Clients = 1001 }, "clients must be 1 to 1000, got 1001"},
		{func(l *Load) { l.Seconds = 0 }, "give ratePerSecond with seconds or limit, or moments"},
		{
			func(l *Load) { l.Seconds = 1e12 },
			"a run must have 1 to 10000000 calls: change ratePerSecond, seconds or limit",
		},
		{
			func(l *Load) { l.Moments = []Moment{{AtMs: 1}, {AtMs: 0}} },
			"moments[1] has no client, or is before the one that precedes it",
		},
		{
			func(l *Load) { l.Moments = []Moment{{Client: 1}} },
			"moments[0] has no client, or is before the one that precedes it",
		},
		{func(*Load) {}, "ca has no certificate: give the webhook's caBundle as PEM"},
	}
	for _, c := range cases {
		if _, err := planOf(loadOf(c.change)); err == nil || err.Error() != c.want {
			t.Errorf("the error is %v, want %q", err, c.want)
		}
	}
}

func TestCallsAreDueWhateverTheAnswers(t *testing.T) {
	one, other := &Client{}, &Client{}
	byRate := plan{load: loadOf(func(*Load) {}), clients: []*Client{one, other}}
	if due, client := byRate.due(251); due != 502*time.Millisecond || client != other {
		t.Errorf("call 251 is due after %v", due)
	}
	byMoments := plan{
		load:    loadOf(func(l *Load) { l.Moments = []Moment{{AtMs: 1.5, Client: 1}} }),
		clients: []*Client{one, other},
	}
	if due, client := byMoments.due(0); due != 1500*time.Microsecond || client != other {
		t.Errorf("the first moment is after %v", due)
	}
}

func TestAnswersThatAskForAnotherTry(t *testing.T) {
	cases := []struct {
		status int
		header string
		wait   time.Duration
		asked  bool
	}{
		{429, "1", time.Second, true},
		{503, "2", 2 * time.Second, true},
		{503, "", 0, false},
		{403, "1", 0, false},
	}
	for _, c := range cases {
		response := &http.Response{StatusCode: c.status, Header: http.Header{"Retry-After": {c.header}}}
		if wait, asked := retryAfter(response); wait != c.wait || asked != c.asked {
			t.Errorf("%d with %q: %v, %v", c.status, c.header, wait, asked)
		}
	}
}

func TestCallsThatTheCallerIsTooLateForAreLeftOut(t *testing.T) {
	missed := plan{
		load:    loadOf(func(l *Load) { l.Moments, l.MaxLateMs = []Moment{{AtMs: -1000}}, 100 }),
		clients: []*Client{{}}, calls: 1, tally: newTally(),
	}
	summary, _ := missed.run(t.Context())
	if summary.Calls != 0 || summary.Skipped != 1 || summary.LateMs < 1000 {
		t.Errorf("%d calls, %d skipped, %v ms late", summary.Calls, summary.Skipped, summary.LateMs)
	}
}
