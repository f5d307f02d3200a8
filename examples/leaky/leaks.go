package main

import (
	"fmt"
	"net/http"
	"time"

	"example.com/telemetry"
)

// session begins a visit. Nobody ever ends it, so its ticker goes on ticking.
func (s *shop) session(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh[len(s.refresh)] = time.NewTicker(time.Hour) // alloclens: leak ticker
	fmt.Fprintln(w, "welcome")
}

// order waits in the background for a payment that never comes.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	go s.fulfil(&order{id: len(r.URL.Path)}) // alloclens: leak goroutine
	fmt.Fprintln(w, "thank you")
}

func (s *shop) fulfil(o *order) {
	<-s.payments
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
