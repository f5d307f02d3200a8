package main

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"example.com/telemetry"
)

// A shop answers requests. What it holds lives as long as the process.
type shop struct {
	mu      sync.Mutex
	refresh map[int]*time.Ticker // by session
	cache   *cache
	pool    sync.Pool
}

func newShop() *shop {
	s := &shop{refresh: map[int]*time.Ticker{}, cache: newCache(512)}
	s.pool.New = func() any { return newUploadBuffer() }
	return s
}

// session begins a visit. Nobody ever ends it, so its ticker goes on ticking.
func (s *shop) session(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh[len(s.refresh)] = time.NewTicker(time.Hour) // alloclens: leak ticker
	fmt.Fprintln(w, "welcome")
}

// An order is what its goroutine holds while it waits.
type order struct {
	id    int
	lines [128]orderLine
}

type orderLine struct {
	product  int
	quantity int
	price    float64
	note     [40]byte
}

// order waits in the background for a payment that never comes.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	paid := make(chan struct{})
	go fulfil(&order{id: len(r.URL.Path)}, paid) // alloclens: leak goroutine
	fmt.Fprintln(w, "thank you")
}

func fulfil(o *order, paid <-chan struct{}) {
	<-paid
	for _, line := range o.lines {
		fmt.Println("shipping", o.id, line.product)
	}
}

// catalog wraps its handler anew for every request. The instruments are the library's, the fault is this line's.
func (s *shop) catalog(w http.ResponseWriter, r *http.Request) {
	list := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "tea, coffee") })
	handler := telemetry.NewHandler(list, "catalog") // alloclens: leak registration
	handler.ServeHTTP(w, r)
}
