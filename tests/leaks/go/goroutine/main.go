// Goroutine sends every parcel by a goroutine that waits for a receipt; some receipts never come.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type parcel struct {
	id      int
	content [16 << 10]byte
}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for i := range l.Requests(200) {
			receipts := send(i)
			if l.Intn(5) > 0 {
				receipts <- struct{}{}
			}
		}
	})
}

func send(id int) chan struct{} {
	receipts := make(chan struct{}, 1)    // alloclens: also goroutine
	go deliver(&parcel{id: id}, receipts) // alloclens: leak goroutine
	return receipts
}

func deliver(p *parcel, receipts chan struct{}) {
	<-receipts
	p.content[0]++
}
