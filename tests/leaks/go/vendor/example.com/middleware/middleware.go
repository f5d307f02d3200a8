// Package middleware wraps handlers with what every service wants.
package middleware

import "example.com/telemetry"

// A Handler answers a request of some bytes with a status.
type Handler func(request []byte) int

// Measured returns a handler that also counts sizes and statuses.
func Measured(route string, next Handler) Handler {
	m := newMeasures(route)
	return func(request []byte) int {
		status := next(request)
		m.sizes.Observe(len(request) >> 6)
		m.statuses.Observe(status)
		return status
	}
}

type measures struct {
	sizes, statuses *telemetry.Histogram
}

func newMeasures(route string) *measures {
	return &measures{
		sizes:    telemetry.NewHistogram(route+".sizes", 256),
		statuses: telemetry.NewHistogram(route+".statuses", 600),
	}
}
