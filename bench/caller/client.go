package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"time"
)

// What kube-apiserver 1.36 is set to: k8s.io/client-go/transport/cache.go, k8s.io/apimachinery/pkg/util/net/http.go and
// k8s.io/apiserver/pkg/util/webhook/{client,authentication}.go.
const (
	maxIdlePerHost   = 25
	idleTimeout      = 90 * time.Second
	handshakeTimeout = 10 * time.Second
	dialTimeout      = 30 * time.Second
	keepAliveProbes  = 30 * time.Second
	clientTimeout    = 30 * time.Second
	userAgent        = "kube-apiserver-admission"
	maxRetries       = 10
)

// Client is what the API server has for one webhook: a pool of connections of its own.
type Client struct {
	http  *http.Client
	url   string
	query string
	tally *Tally
}

func newClient(load Load, tally *Tally) (*Client, error) {
	config, err := tlsConfigOf(load, tally)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: dialTimeout, KeepAlive: keepAliveProbes}
	transport := &http.Transport{
		// The name is of a Service; the API server resolves it by itself.
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, load.Address)
		},
		TLSHandshakeTimeout: handshakeTimeout,
		TLSClientConfig:     config,
		MaxIdleConnsPerHost: maxIdlePerHost,
		IdleConnTimeout:     idleTimeout,
		DisableKeepAlives:   load.FreshConnections,
	}
	return &Client{
		http:  &http.Client{Transport: transport, Timeout: clientTimeout},
		url:   "https://" + net.JoinHostPort(load.ServerName, "443"),
		query: "?timeout=" + strconv.Itoa(load.TimeoutSeconds) + "s",
		tally: tally,
	}, nil
}

// tlsConfigOf has no session cache and offers no HTTP/2, as for every webhook that is a Service.
func tlsConfigOf(load Load, tally *Tally) (*tls.Config, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(load.CA)) {
		return nil, errors.New("ca has no certificate: give the webhook's caBundle as PEM")
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		ServerName: load.ServerName,
		RootCAs:    roots,
		NextProtos: []string{"http/1.1"},
		VerifyConnection: func(state tls.ConnectionState) error {
			tally.connected(state.PeerCertificates[0].SerialNumber)
			return nil
		},
	}
	if load.Certificate != "" {
		pair, err := tls.X509KeyPair([]byte(load.Certificate), []byte(load.Key))
		if err != nil {
			return nil, fmt.Errorf("certificate and key do not fit: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

type review struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Response   *struct {
		UID     string `json:"uid"`
		Allowed bool   `json:"allowed"`
	} `json:"response"`
}

// call sends one review and answers whether it was allowed. A POST is sent again only for an answer that asks for it by
// Retry-After, as client-go does, and by net/http when a reused connection turned out closed before anything was written.
func (c *Client) call(ctx context.Context, path string, body []byte, uid string) (bool, error) {
	for attempt := 0; ; attempt++ {
		response, content, err := c.post(ctx, path, body)
		if err != nil {
			return false, err
		}
		c.tally.answered(response.StatusCode)
		if wait, asked := retryAfter(response); asked && attempt < maxRetries {
			c.tally.retried()
			select {
			case <-time.After(wait):
				continue
			case <-ctx.Done():
				return false, ctx.Err()
			}
		}
		return verdict(response, content, uid)
	}
}

func (c *Client) post(ctx context.Context, path string, body []byte) (*http.Response, []byte, error) {
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if info.Reused {
			c.tally.reused(info.IdleTime)
		}
	}}
	request, err := http.NewRequestWithContext(
		httptrace.WithClientTrace(ctx, trace), http.MethodPost, c.url+path+c.query, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	request.Header = http.Header{
		"Accept":       {"application/json, */*"},
		"Content-Type": {"application/json"},
		"User-Agent":   {userAgent},
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response, content, err
}

func retryAfter(response *http.Response) (time.Duration, bool) {
	if response.StatusCode != http.StatusTooManyRequests && response.StatusCode < http.StatusInternalServerError {
		return 0, false
	}
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	return time.Duration(seconds) * time.Second, err == nil
}

// verdict fails for what the API server takes as a failed call.
func verdict(response *http.Response, content []byte, uid string) (bool, error) {
	if response.StatusCode < 200 || response.StatusCode > 206 {
		return false, fmt.Errorf("status %d: %.120s", response.StatusCode, bytes.TrimSpace(content))
	}
	var answer review
	if err := json.Unmarshal(content, &answer); err != nil {
		return false, fmt.Errorf("the answer is not JSON: %w", err)
	}
	if answer.APIVersion != "admission.k8s.io/v1" || answer.Kind != "AdmissionReview" || answer.Response == nil {
		return false, errors.New("the answer is no AdmissionReview with a response")
	}
	if answer.Response.UID != uid {
		return false, errors.New("the answer is to another review")
	}
	return answer.Response.Allowed, nil
}
