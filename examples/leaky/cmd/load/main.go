// Load sends requests to leaky at a steady rate.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:8080", "where leaky listens")
	rate := flag.Float64("rate", 100, "rounds per second: an order, a catalog, a report, a product, an upload and ten sessions each")
	period := flag.Duration("for", 0, "how long; 0: until interrupted")
	flag.Parse()
	if *rate <= 0 {
		log.Fatal("load: -rate must be more than 0")
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *period > 0 {
		ctx, stop = context.WithTimeout(ctx, *period)
		defer stop()
	}
	fmt.Printf("load: %.0f rounds of requests per second to %s\n", *rate, *url)
	sent, failed := run(ctx, strings.TrimSuffix(*url, "/"), *rate)
	fmt.Printf("load: %d requests, %d failed\n", sent, failed)
	if sent > 0 && failed == sent {
		log.Fatal("load: no request was answered; is leaky running there?")
	}
}

// run sends one round of requests after another, and never two rounds at once: a slow service is not overrun.
func run(ctx context.Context, url string, rate float64) (sent, failed int) {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer ticker.Stop()
	for round := 0; ; round++ {
		select {
		case <-ctx.Done():
			return sent, failed
		case <-ticker.C:
			for _, r := range requests(ctx, url, round) {
				err := send(r)
				if ctx.Err() != nil {
					return sent, failed
				}
				sent++
				if err != nil {
					failed++
				}
			}
		}
	}
}

// Most visitors of a shop only look: so many sessions begin for each order.
const sessions = 10

// The products that visitors look at; the service's cache has room for all of them.
const products = 512

func requests(ctx context.Context, url string, round int) []*http.Request {
	paths := []string{"/order", "/catalog", "/report", fmt.Sprintf("/product?id=%d", round%products)}
	for i := 0; i < sessions; i++ {
		paths = append(paths, "/session")
	}
	var out []*http.Request
	for _, path := range paths {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
		if err != nil {
			log.Fatal(err)
		}
		out = append(out, r)
	}
	upload, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/upload", strings.NewReader("a picture"))
	if err != nil {
		log.Fatal(err)
	}
	return append(out, upload)
}

func send(r *http.Request) error {
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
