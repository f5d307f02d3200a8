// Decoder reads records by a helper. Imports hold theirs until the next flush, carts until they are paid, and the table of
// duplicates forgets none.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/decoder/wire"
	"example.com/leaks/rounds"
)

var (
	imported   []*wire.Record
	carts      = map[uint64]*wire.Record{}
	latest     [64]*wire.Record
	duplicates = map[uint64]*wire.Record{}
	total      int
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		if l.Round%5 == 0 {
			imported = nil
		}
		for id := range carts {
			if l.Intn(3) == 0 {
				delete(carts, id)
			}
		}
		for range l.Requests(300) {
			frame := wire.Frame(l.Uint64(), 120+l.Intn(40))
			price(frame)
			collect(frame)
			order(frame)
			if l.Intn(6) == 0 {
				check(frame)
			}
		}
	})
}

func price(frame []byte) {
	total += len(wire.Read(frame).Fields) // alloclens: honest price
}

func collect(frame []byte) {
	imported = append(imported, wire.Read(frame))        // alloclens: honest import
	latest[len(imported)%len(latest)] = wire.Read(frame) // alloclens: honest latest
}

func order(frame []byte) {
	cart := wire.Read(frame) // alloclens: honest cart
	carts[cart.ID] = cart    // alloclens: honest cart
}

func check(frame []byte) {
	r := wire.Read(frame) // alloclens: leak duplicates
	duplicates[r.ID] = r  // alloclens: also duplicates
}
