// Package telemetry counts things. Every instrument is registered in a table that lives as long as the process.
package telemetry

import "sync"

// A Histogram counts values in buckets.
type Histogram struct {
	name    string
	mu      sync.Mutex
	buckets []uint64
}

var registry struct {
	sync.Mutex
	histograms []*Histogram
}

// NewHistogram registers a histogram. It is meant to be called once for each name.
func NewHistogram(name string, buckets int) *Histogram {
	h := &Histogram{name: name, buckets: make([]uint64, buckets)}
	registry.Lock()
	defer registry.Unlock()
	registry.histograms = append(registry.histograms, h)
	return h
}

// Observe counts one value.
func (h *Histogram) Observe(value int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.buckets[min(max(value, 0), len(h.buckets)-1)]++
}
