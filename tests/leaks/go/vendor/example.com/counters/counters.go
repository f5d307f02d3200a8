// Package counters measures by labels. A vector keeps a child for each combination of label values that it was asked for.
package counters

import (
	"hash/fnv"
	"strings"
	"sync"
)

// A HistogramVec holds the histograms of one name.
type HistogramVec struct {
	name     string
	labels   []string
	buckets  int
	mu       sync.Mutex
	children map[uint64][]*child
}

type child struct {
	pairs     []pair
	histogram *Histogram
}

type pair struct{ name, value string }

// A Histogram counts values in buckets.
type Histogram struct {
	mu     sync.Mutex
	counts []uint64
}

// NewHistogramVec returns a vector with as many buckets for each combination of the labels' values.
func NewHistogramVec(name string, buckets int, labels ...string) *HistogramVec {
	return &HistogramVec{name: name, labels: labels, buckets: buckets, children: map[uint64][]*child{}}
}

// WithLabelValues returns the histogram of these values, which it creates if there is none.
func (v *HistogramVec) WithLabelValues(values ...string) *Histogram {
	hash := fnv.New64a()
	hash.Write([]byte(strings.Join(values, "\xff")))
	key := hash.Sum64()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.children[key] {
		if c.matches(values) {
			return c.histogram
		}
	}
	c := v.newChild(values)
	v.children[key] = append(v.children[key], c)
	return c.histogram
}

func (v *HistogramVec) newChild(values []string) *child {
	pairs := make([]pair, len(values))
	for i, value := range values {
		pairs[i] = pair{v.labels[i], strings.Clone(value)}
	}
	return &child{pairs, &Histogram{counts: make([]uint64, v.buckets)}}
}

func (c *child) matches(values []string) bool {
	for i, p := range c.pairs {
		if p.value != values[i] {
			return false
		}
	}
	return true
}

// Observe counts one value.
func (h *Histogram) Observe(value int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[min(max(value, 0), len(h.counts)-1)]++
}
