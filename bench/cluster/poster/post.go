package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Summary is what the requests after the warm-up came to; errors count from the beginning.
type Summary struct {
	// Answered as they should be, within the measured time.
	Answered int `json:"answered"`
	// Sent is how many requests were made, warm-up included.
	Sent   int `json:"sent"`
	Denied int `json:"denied"`
	// Denial is what one of the refusals said.
	Denial    string         `json:"denial,omitempty"`
	Errors    map[string]int `json:"errors"`
	Seconds   float64        `json:"seconds"`
	PerSecond float64        `json:"perSecond"`
	P50Ms     float64        `json:"p50Ms"`
	P99Ms     float64        `json:"p99Ms"`
	MaxMs     float64        `json:"maxMs"`
}

type tally struct {
	mu        sync.Mutex
	denied    int
	denial    string
	errors    map[string]int
	latencies []float64
}

// post keeps every connection busy until the time is over; what is under way then is waited for and does not count.
func post(ctx context.Context, client *http.Client, load Load) Summary {
	start := time.Now()
	from := start.Add(seconds(load.WarmupSeconds))
	until := from.Add(seconds(load.Seconds))
	counts := tally{errors: map[string]int{}}
	bodies := split(load)
	var sent atomic.Int64
	var workers sync.WaitGroup
	for range load.Connections {
		workers.Go(func() {
			for ctx.Err() == nil && time.Now().Before(until) {
				number := sent.Add(1)
				if load.Limit > 0 && number > int64(load.Limit) {
					return
				}
				begun := time.Now()
				denial, err := one(client, load, bodies[int(number)%len(bodies)])
				counts.add(denial, err, begun, time.Now(), from, until)
			}
		})
	}
	workers.Wait()
	total := int(sent.Load())
	if load.Limit > 0 {
		total = min(total, load.Limit)
	}
	measured := min(time.Since(from), until.Sub(from)).Seconds()
	return counts.summary(total, measured)
}

func (t *tally) add(denial string, err error, begun, ended, from, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.errors[err.Error()]++
		return
	}
	if denial != "" {
		t.denied++
		t.denial = denial
	}
	if ended.After(from) && ended.Before(until) {
		t.latencies = append(t.latencies, float64(ended.Sub(begun).Microseconds())/1000)
	}
}

func (t *tally) summary(sent int, measured float64) Summary {
	slices.Sort(t.latencies)
	at := func(share float64) float64 {
		if len(t.latencies) == 0 {
			return 0
		}
		return t.latencies[max(0, int(math.Ceil(share*float64(len(t.latencies))))-1)]
	}
	return Summary{
		Answered: len(t.latencies), Sent: sent, Denied: t.denied, Denial: t.denial, Errors: t.errors,
		Seconds: measured, PerSecond: float64(len(t.latencies)) / measured,
		P50Ms: at(0.5), P99Ms: at(0.99), MaxMs: at(1),
	}
}

// split cuts the bodies where the uid goes.
func split(load Load) [][][]byte {
	var parts [][][]byte
	for _, body := range load.Bodies {
		if load.UID == "" {
			parts = append(parts, [][]byte{[]byte(body)})
		} else {
			parts = append(parts, bytes.Split([]byte(body), []byte(load.UID)))
		}
	}
	return parts
}

// one sends a body, and answers why it was refused, which only reviews are.
func one(client *http.Client, load Load, parts [][]byte) (string, error) {
	uid := newUID()
	response, err := client.Post(load.URL, "application/json", bytes.NewReader(bytes.Join(parts, []byte(uid))))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode >= 300 {
		return "", fmt.Errorf("status %d: %.300s", response.StatusCode, content)
	}
	if !load.IsReview {
		return "", nil
	}
	return verdict(content, uid)
}

func verdict(content []byte, uid string) (string, error) {
	var answer struct {
		Response struct {
			UID     string `json:"uid"`
			Allowed bool   `json:"allowed"`
			Status  struct {
				Message string `json:"message"`
			} `json:"status"`
		} `json:"response"`
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return "", fmt.Errorf("the answer is not JSON: %w", err)
	}
	if answer.Response.UID != uid {
		return "", fmt.Errorf("the answer is to another review: %.100s", content)
	}
	if answer.Response.Allowed {
		return "", nil
	}
	return "refused: " + answer.Response.Status.Message, nil
}

func seconds(count float64) time.Duration {
	return time.Duration(count * float64(time.Second))
}

func newUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
