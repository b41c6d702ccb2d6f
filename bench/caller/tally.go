package main

import (
	"bufio"
	"errors"
	"math"
	"math/big"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
)

// maxTexts bounds the kinds of errors and of certificates that are told apart.
const maxTexts = 100

// Verdicts counts what a webhook decided.
type Verdicts struct {
	Allowed int `json:"allowed"`
	Denied  int `json:"denied"`
}

// Percentiles are in milliseconds, from the moment a call was due to its answer or failure.
type Percentiles struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// Summary is what a run came to.
type Summary struct {
	Calls int `json:"calls"`
	// Skipped were due, and not made for MaxLateMs.
	Skipped int `json:"skipped"`
	Failed  int `json:"failed"`
	// Errors are counted by their text, without addresses.
	Errors map[string]int `json:"errors"`
	// Statuses are of answers, also of those that were asked to be retried.
	Statuses map[string]int `json:"statuses"`
	// Verdicts are by path.
	Verdicts  map[string]Verdicts `json:"verdicts"`
	Retries   int                 `json:"retries"`
	LatencyMs Percentiles         `json:"latencyMs"`
	Seconds   float64             `json:"seconds"`
	// RatePerSecond is what was achieved, until the last answer.
	RatePerSecond float64 `json:"ratePerSecond"`
	// LateMs is how late the latest call was started: the generator's own fault.
	LateMs      float64 `json:"lateMs"`
	Connections int     `json:"connections"`
	// Certificates are the servers' serial numbers by connections that they were shown on.
	Certificates map[string]int `json:"certificates"`
	// Reused counts calls on a connection that was open already, LongestIdleMs how long one had been idle at most.
	Reused        int     `json:"reused"`
	LongestIdleMs float64 `json:"longestIdleMs"`
}

// Tally counts what happens to calls, from any goroutine.
type Tally struct {
	mu          sync.Mutex
	counts      Summary
	late        time.Duration
	longestIdle time.Duration
	latencies   []float64
}

func newTally() *Tally {
	return &Tally{counts: Summary{
		Errors: map[string]int{}, Statuses: map[string]int{}, Verdicts: map[string]Verdicts{}, Certificates: map[string]int{},
	}}
}

func count(counts map[string]int, text string) {
	if _, known := counts[text]; !known && len(counts) >= maxTexts {
		text = "others"
	}
	counts[text]++
}

func (t *Tally) update(change func(*Summary)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.counts)
}

func (t *Tally) started(late time.Duration) {
	t.update(func(s *Summary) {
		s.Calls++
		t.late = max(t.late, late)
	})
}

func (t *Tally) skipped(late time.Duration) {
	t.update(func(s *Summary) {
		s.Skipped++
		t.late = max(t.late, late)
	})
}

func (t *Tally) connected(serial *big.Int) {
	t.update(func(s *Summary) {
		s.Connections++
		count(s.Certificates, serial.Text(16))
	})
}

func (t *Tally) reused(idle time.Duration) {
	t.update(func(s *Summary) {
		s.Reused++
		t.longestIdle = max(t.longestIdle, idle)
	})
}

func (t *Tally) answered(status int) {
	t.update(func(s *Summary) { count(s.Statuses, strconv.Itoa(status)) })
}

func (t *Tally) retried() {
	t.update(func(s *Summary) { s.Retries++ })
}

func (t *Tally) decided(path string, allowed bool) {
	t.update(func(s *Summary) {
		verdicts := s.Verdicts[path]
		if allowed {
			verdicts.Allowed++
		} else {
			verdicts.Denied++
		}
		s.Verdicts[path] = verdicts
	})
}

func (t *Tally) failed(err error) {
	t.update(func(s *Summary) {
		s.Failed++
		count(s.Errors, textOf(err))
	})
}

func (t *Tally) took(latency time.Duration) {
	t.update(func(*Summary) { t.latencies = append(t.latencies, milliseconds(latency)) })
}

var addresses = regexp.MustCompile(`\S+:\d+->\S+:\d+: `)

// textOf leaves out what differs from call to call, so that like errors are counted together.
func textOf(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return addresses.ReplaceAllString(err.Error(), "")
}

func milliseconds(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Microsecond)) / 1000
}

// percentilesOf takes the nearest rank of sorted values.
func percentilesOf(sorted []float64) Percentiles {
	at := func(share float64) float64 {
		if len(sorted) == 0 {
			return 0
		}
		return sorted[max(0, int(math.Ceil(share*float64(len(sorted))))-1)]
	}
	return Percentiles{P50: at(0.5), P90: at(0.9), P99: at(0.99), P999: at(0.999), Max: at(1)}
}

func (t *Tally) summary(elapsed time.Duration) Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	summary := t.counts
	summary.LatencyMs = percentilesOf(slices.Sorted(slices.Values(t.latencies)))
	summary.Seconds = milliseconds(elapsed) / 1000
	summary.RatePerSecond = math.Round(float64(summary.Calls)/elapsed.Seconds()*10) / 10
	summary.LateMs = milliseconds(t.late)
	summary.LongestIdleMs = milliseconds(t.longestIdle)
	return summary
}

func writeLatencies(path string, latencies []float64) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	for _, latency := range latencies {
		out.WriteString(strconv.FormatFloat(latency, 'f', 3, 64))
		out.WriteByte('\n')
	}
	return errors.Join(out.Flush(), file.Close())
}
