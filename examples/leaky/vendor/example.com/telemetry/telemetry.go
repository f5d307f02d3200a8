// Package telemetry wraps HTTP handlers with instruments, as real telemetry libraries do: every handler that is made
// registers its instruments in a table that lives as long as the process.
package telemetry

import (
	"net/http"
	"sync"
	"time"
)

// An Instrument counts one thing.
type Instrument struct {
	Name    string
	mu      sync.Mutex
	buckets []uint64
}

var registry struct {
	sync.Mutex
	instruments []*Instrument
}

// Handler counts the requests that pass through it.
type Handler struct {
	next     http.Handler
	requests *Instrument
	duration *Instrument
}

// NewHandler wraps a handler. It is meant to be called once for each route, when the service starts.
func NewHandler(next http.Handler, route string) *Handler {
	return &Handler{
		next:     next,
		requests: newCounter(route + ".requests"),
		duration: newHistogram(route + ".duration"),
	}
}

// ServeHTTP serves a request and counts it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	h.next.ServeHTTP(w, r)
	h.requests.add(0)
	h.duration.add(int(time.Since(start) / time.Millisecond))
}

func newCounter(name string) *Instrument {
	return register(name, 1)
}

func newHistogram(name string) *Instrument {
	return register(name, 1024)
}

func register(name string, buckets int) *Instrument {
	in := &Instrument{Name: name, buckets: make([]uint64, buckets)}
	registry.Lock()
	defer registry.Unlock()
	registry.instruments = append(registry.instruments, in)
	return in
}

func (in *Instrument) add(bucket int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.buckets[min(bucket, len(in.buckets)-1)]++
}
