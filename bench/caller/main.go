// Caller calls admission webhooks the way kube-apiserver does, at a rate that does not wait for answers.
// It reads one load as JSON from standard input and writes one summary as JSON to standard output.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func run(ctx context.Context, in io.Reader, out io.Writer) error {
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	var load Load
	if err := decoder.Decode(&load); err != nil {
		return fmt.Errorf("the load is not readable: %w", err)
	}
	plan, err := planOf(load)
	if err != nil {
		return err
	}
	summary, latencies := plan.run(ctx)
	if load.LatenciesFile != "" {
		if err := writeLatencies(load.LatenciesFile, latencies); err != nil {
			return err
		}
	}
	return json.NewEncoder(out).Encode(summary)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
