package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

func loadOf(t *testing.T, answer http.HandlerFunc, change func(*Load)) (Load, *httptest.Server) {
	server := httptest.NewTLSServer(answer)
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	load := Load{URL: server.URL, CA: string(ca), Bodies: []string{"a-UID-b"}, UID: "UID", Connections: 4, Seconds: 30, Limit: 40}
	change(&load)
	return load, server
}

func summaryOf(t *testing.T, load Load) Summary {
	if err := load.check(); err != nil {
		t.Fatal(err)
	}
	client, err := newClient(load)
	if err != nil {
		t.Fatal(err)
	}
	return post(context.Background(), client, load)
}

func TestEveryRequestHasAUIDOfItsOwn(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]bool{}
	load, _ := loadOf(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		seen[string(body)] = true
	}, func(*Load) {})
	got := summaryOf(t, load)
	if got.Answered != 40 || got.Sent != 40 || len(got.Errors) != 0 || len(seen) != 40 {
		t.Errorf("%+v with %d bodies, want 40 of each", got, len(seen))
	}
	for body := range seen {
		if !strings.HasPrefix(body, "a-") || !strings.HasSuffix(body, "-b") || len(body) != 40 {
			t.Errorf("body %q", body)
		}
	}
}

func TestVerdictsOfReviews(t *testing.T) {
	load, _ := loadOf(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, `{"response":{"uid":%q,"allowed":false,"status":{"message":"no room"}}}`, bytes.TrimSpace(body))
	}, func(l *Load) { l.IsReview, l.Bodies = true, []string{"UID"} })
	if got := summaryOf(t, load); got.Denied != 40 || got.Denial != "refused: no room" || got.Answered != 40 || len(got.Errors) != 0 {
		t.Errorf("%+v, want 40 refusals", got)
	}
}

func TestAnswersThatAreFailures(t *testing.T) {
	cases := map[string]http.HandlerFunc{
		"status 403: no":                  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403); io.WriteString(w, "no") },
		"the answer is to another review": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") },
	}
	for want, answer := range cases {
		load, _ := loadOf(t, answer, func(l *Load) { l.IsReview = true })
		got := summaryOf(t, load)
		failed := 0
		for text, count := range got.Errors {
			if strings.HasPrefix(text, want) {
				failed += count
			}
		}
		if failed != 40 || got.Answered != 0 {
			t.Errorf("%+v, want 40 times %q", got, want)
		}
	}
}

func TestLoadsThatAreRefused(t *testing.T) {
	cases := map[string]func(*Load){
		"give url, bodies and seconds":                    func(l *Load) { l.Seconds = 0 },
		"connections must be 1 to 1000, got 0":            func(l *Load) { l.Connections = 0 },
		"reviews need a uid that is new for each request": func(l *Load) { l.IsReview, l.UID = true, "" },
	}
	for want, change := range cases {
		load := Load{URL: "https://localhost", Bodies: []string{""}, UID: "u", Connections: 1, Seconds: 1}
		change(&load)
		if err := load.check(); err == nil || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
