package main

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
)

func TestPercentilesAreTheNearestRank(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	cases := []struct {
		sorted []float64
		want   Percentiles
	}{
		{nil, Percentiles{}},
		{[]float64{7}, Percentiles{7, 7, 7, 7, 7}},
		{hundred, Percentiles{50, 90, 99, 100, 100}},
	}
	for _, c := range cases {
		if got := percentilesOf(c.sorted); got != c.want {
			t.Errorf("percentiles of %d values are %v, want %v", len(c.sorted), got, c.want)
		}
	}
}

func TestErrorsAreCountedWithoutAddresses(t *testing.T) {
	cases := map[string]error{
		"read tcp connection reset by peer": &url.Error{
			Op: "Post", URL: "https://a:443", Err: errors.New("read tcp 10.0.0.1:40312->10.0.0.2:443: connection reset by peer"),
		},
		"write tcp broken pipe": errors.New("write tcp [::1]:40312->[::1]:443: broken pipe"),
		"EOF":                   &url.Error{Op: "Post", URL: "https://a:443", Err: errors.New("EOF")},
	}
	for want, err := range cases {
		if got := textOf(err); got != want {
			t.Errorf("text is %q, want %q", got, want)
		}
	}
}

func TestKindsOfErrorsAreBounded(t *testing.T) {
	tally := newTally()
	for i := range 2 * maxTexts {
		tally.failed(fmt.Errorf("error %d", i))
	}
	if got := len(tally.counts.Errors); got != maxTexts+1 {
		t.Errorf("%d texts are kept, want %d", got, maxTexts+1)
	}
	if got := tally.counts.Errors["others"]; got != maxTexts {
		t.Errorf("%d errors are others, want %d", got, maxTexts)
	}
}
