package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Bounds of one run: memory grows with the calls made and with those under way.
const (
	maxCalls    = 10_000_000
	maxUnderWay = 10_000
	maxClients  = 1_000
)

// Call is one review, sent to one path.
type Call struct {
	Path string `json:"path"`
	Body string `json:"body"`
}

// Moment is a call that is due at a time of its own, by one of the clients.
type Moment struct {
	AtMs   float64 `json:"atMs"`
	Client int     `json:"client"`
}

// Load is what to call, with what, and when.
type Load struct {
	// Address is host:port, called whatever the server's name resolves to.
	Address     string `json:"address"`
	ServerName  string `json:"serverName"`
	CA          string `json:"ca"`
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
	// Calls are made in turn.
	Calls []Call `json:"calls"`
	// UID stands in the bodies for one that is new for each call.
	UID            string  `json:"uid"`
	TimeoutSeconds int     `json:"timeoutSeconds"`
	RatePerSecond  float64 `json:"ratePerSecond"`
	// Seconds and Limit end a run by rate, whichever comes first; 0 is no end.
	Seconds float64 `json:"seconds"`
	Limit   int     `json:"limit"`
	// WarmupSeconds at the beginning count in everything but the latencies.
	WarmupSeconds float64 `json:"warmupSeconds"`
	// MaxLateMs leaves out calls that the caller itself comes later to: a machine that stalled makes no burst then. 0 makes all.
	MaxLateMs float64 `json:"maxLateMs"`
	// Moments are made in place of a rate, in order of time.
	Moments []Moment `json:"moments"`
	// Clients have a pool of connections each and make calls in turn.
	Clients int `json:"clients"`
	// FreshConnections gives every call a connection of its own.
	FreshConnections bool `json:"freshConnections"`
	// LatenciesFile gets the latency of each call in milliseconds, one a line, in order of answers.
	LatenciesFile string `json:"latenciesFile"`
}

type plan struct {
	load    Load
	clients []*Client
	bodies  [][][]byte
	calls   int
	tally   *Tally
}

func (l Load) calls() (int, error) {
	if len(l.Moments) > 0 {
		for i, moment := range l.Moments {
			if moment.Client < 0 || moment.Client >= l.Clients || i > 0 && moment.AtMs < l.Moments[i-1].AtMs {
				return 0, fmt.Errorf("moments[%d] has no client, or is before the one that precedes it", i)
			}
		}
		return len(l.Moments), nil
	}
	if l.RatePerSecond <= 0 || l.Seconds <= 0 && l.Limit <= 0 {
		return 0, errors.New("give ratePerSecond with seconds or limit, or moments")
	}
	calls := l.Limit
	if bySeconds := l.RatePerSecond * l.Seconds; bySeconds > 0 && (calls <= 0 || bySeconds < float64(calls)) {
		calls = int(min(bySeconds, maxCalls+1))
	}
	return calls, nil
}

func planOf(load Load) (*plan, error) {
	if load.Address == "" || load.ServerName == "" || load.UID == "" || len(load.Calls) == 0 || load.TimeoutSeconds <= 0 {
		return nil, errors.New("give address, serverName, uid, calls and timeoutSeconds")
	}
	if load.Clients == 0 {
		load.Clients = 1
	}
	if load.Clients < 0 || load.Clients > maxClients {
		return nil, fmt.Errorf("clients must be 1 to %d, got %d", maxClients, load.Clients)
	}
	calls, err := load.calls()
	if err != nil {
		return nil, err
	}
	if calls < 1 || calls > maxCalls {
		return nil, fmt.Errorf("a run must have 1 to %d calls: change ratePerSecond, seconds or limit", maxCalls)
	}
	made := &plan{load: load, calls: calls, tally: newTally()}
	for _, call := range load.Calls {
		made.bodies = append(made.bodies, bytes.Split([]byte(call.Body), []byte(load.UID)))
	}
	for range load.Clients {
		client, err := newClient(load, made.tally)
		if err != nil {
			return nil, err
		}
		made.clients = append(made.clients, client)
	}
	return made, nil
}

// due tells when a call is due after the start, and who makes it.
func (p *plan) due(i int) (time.Duration, *Client) {
	if len(p.load.Moments) > 0 {
		moment := p.load.Moments[i]
		return time.Duration(moment.AtMs * float64(time.Millisecond)), p.clients[moment.Client]
	}
	return time.Duration(float64(i) / p.load.RatePerSecond * float64(time.Second)), p.clients[i%len(p.clients)]
}

// run makes every call when it is due, however long earlier ones take, until the context ends.
func (p *plan) run(ctx context.Context) (Summary, []float64) {
	start := time.Now()
	warm := time.Duration(p.load.WarmupSeconds * float64(time.Second))
	places := make(chan struct{}, maxUnderWay)
	var underWay sync.WaitGroup
	for i := 0; i < p.calls; i++ {
		after, client := p.due(i)
		if !waitUntil(ctx, start.Add(after)) {
			break
		}
		late := time.Since(start) - after
		if p.load.MaxLateMs > 0 && milliseconds(late) > p.load.MaxLateMs {
			p.tally.skipped(late)
			continue
		}
		p.tally.started(late)
		select {
		case places <- struct{}{}:
		default:
			p.tally.failed(fmt.Errorf("not sent: %d calls were under way", maxUnderWay))
			continue
		}
		underWay.Add(1)
		go func() {
			defer underWay.Done()
			p.one(client, i%len(p.load.Calls), start.Add(after), after >= warm)
			<-places
		}()
	}
	underWay.Wait()
	return p.tally.summary(time.Since(start)), p.tally.latencies
}

// one makes a call; its latency counts from the moment it was due, so that a stall of ours or theirs shows in it.
func (p *plan) one(client *Client, which int, due time.Time, measured bool) {
	uid := newUID()
	body := bytes.Join(p.bodies[which], []byte(uid))
	// Not the context of the run: a call that is under way when the run is stopped is answered still.
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(p.load.TimeoutSeconds)*time.Second)
	defer cancel()
	path := p.load.Calls[which].Path
	allowed, err := client.call(ctx, path, body, uid)
	if err != nil {
		p.tally.failed(err)
	} else {
		p.tally.decided(path, allowed)
	}
	if measured {
		p.tally.took(time.Since(due))
	}
}

func waitUntil(ctx context.Context, due time.Time) bool {
	wait := time.Until(due)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func newUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
