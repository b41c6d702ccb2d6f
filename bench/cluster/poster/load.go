package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	maxConnections = 1_000
	requestTimeout = 35 * time.Second
)

// Load is what to send where, over how many connections and for how long.
type Load struct {
	URL         string `json:"url"`
	CA          string `json:"ca"`
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
	// Bodies are sent in turn.
	Bodies []string `json:"bodies"`
	// UID stands in the bodies for one that is new for each request; without it they are sent as they are.
	UID string `json:"uid"`
	// IsReview wants an AdmissionReview of the request's uid as the answer, and counts what it allows.
	IsReview      bool    `json:"isReview"`
	Connections   int     `json:"connections"`
	WarmupSeconds float64 `json:"warmupSeconds"`
	Seconds       float64 `json:"seconds"`
	// Limit ends the load after this many requests, warm-up included; 0 is no limit.
	Limit int `json:"limit"`
}

func (l Load) check() error {
	if l.URL == "" || len(l.Bodies) == 0 || l.Seconds <= 0 || l.WarmupSeconds < 0 {
		return errors.New("give url, bodies and seconds")
	}
	if l.Connections < 1 || l.Connections > maxConnections {
		return fmt.Errorf("connections must be 1 to %d, got %d", maxConnections, l.Connections)
	}
	if l.IsReview && l.UID == "" {
		return errors.New("reviews need a uid that is new for each request")
	}
	return nil
}

// newClient speaks HTTP/1.1, so that a connection has one request at a time.
func newClient(load Load) (*http.Client, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(load.CA)) {
		return nil, errors.New("ca has no certificate: give it as PEM")
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, NextProtos: []string{"http/1.1"}}
	if load.Certificate != "" {
		pair, err := tls.X509KeyPair([]byte(load.Certificate), []byte(load.Key))
		if err != nil {
			return nil, fmt.Errorf("certificate and key do not fit: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	transport := &http.Transport{
		TLSClientConfig:     config,
		MaxConnsPerHost:     load.Connections,
		MaxIdleConnsPerHost: load.Connections,
	}
	return &http.Client{Transport: transport, Timeout: requestTimeout}, nil
}
