// Package background is the honest work of a service: it warms up, caches, serves, and forgets.
package background

import (
	"encoding/json"
	"fmt"

	"example.com/leaks/rounds"
)

const (
	warming  = 5   // rounds
	pages    = 512 // in the cache
	products = 4096
	lifetime = 6 // rounds of a session
)

// A Service is the part of a program that does not leak.
type Service struct {
	tables   map[string][]byte
	cache    [pages]*page
	sessions [lifetime][]*session
	Served   int
}

type page struct {
	product int
	text    []byte
}

type session struct {
	user    int
	history [1000]byte
}

// New returns a service that has not yet served.
func New() *Service {
	return &Service{tables: map[string][]byte{}}
}

// Serve does one round.
func (s *Service) Serve(l *rounds.Load) {
	if l.Round < warming {
		s.warmUp(l)
	}
	s.sessions[l.Round%lifetime] = nil
	for range l.Requests(150) {
		s.product(l)
		s.visit(l)
		s.report(l)
		s.Served++
	}
}

func (s *Service) warmUp(l *rounds.Load) {
	for i := range 200 {
		s.tables[fmt.Sprint(l.Round, "/", i)] = make([]byte, l.Size(6<<10)) // alloclens: honest warm-up
	}
}

// product shows a page. The cache holds one page for each slot.
func (s *Service) product(l *rounds.Load) {
	product := int(float64(products) * l.Float64() * l.Float64())
	slot := &s.cache[product%pages]
	if *slot == nil || (*slot).product != product {
		*slot = &page{product, make([]byte, l.Size(16<<10))} // alloclens: honest cache
	}
}

// visit keeps a session for some rounds.
func (s *Service) visit(l *rounds.Load) {
	slot := &s.sessions[l.Round%lifetime]
	*slot = append(*slot, &session{user: l.Int()}) // alloclens: honest sessions
}

// report makes a large answer and drops it.
func (s *Service) report(l *rounds.Load) {
	rows := make([]int, l.Size(500)) // alloclens: honest churn
	for i := range rows {
		rows[i] = l.Intn(1000)
	}
	text, err := json.Marshal(rows) // alloclens: honest churn
	if err != nil || len(text) == 0 {
		panic("no report")
	}
}
