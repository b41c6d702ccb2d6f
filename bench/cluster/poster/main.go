// Poster sends one body again and again over a number of connections, each of which waits for its answer.
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
	if err := load.check(); err != nil {
		return err
	}
	client, err := newClient(load)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(post(ctx, client, load))
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
