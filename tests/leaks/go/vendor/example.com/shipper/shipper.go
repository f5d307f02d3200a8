// Package shipper sends lines to a collector in batches. Each shipper has a goroutine, which Close ends.
package shipper

import "io"

const (
	capacity = 16 << 10 // bytes of a batch
	waiting  = 32       // lines
)

// A Shipper collects the lines of one source.
type Shipper struct {
	source string
	lines  chan string
	done   chan struct{}
}

// New starts a shipper.
func New(source string, to io.Writer) *Shipper {
	s := &Shipper{source, make(chan string, waiting), make(chan struct{})}
	go s.collect(to)
	return s
}

// Send hands over a line.
func (s *Shipper) Send(line string) {
	s.lines <- line
}

// Close sends what is left and ends the shipper.
func (s *Shipper) Close() {
	close(s.lines)
	<-s.done
}

func (s *Shipper) collect(to io.Writer) {
	defer close(s.done)
	batch := make([]byte, 0, capacity)
	for line := range s.lines {
		if len(batch)+len(line) > cap(batch) {
			to.Write(batch)
			batch = batch[:0]
		}
		batch = append(append(batch, line...), '\n')
	}
	to.Write(batch)
}
