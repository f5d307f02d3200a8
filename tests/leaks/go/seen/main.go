// Seen drops messages that come twice, and remembers the numbers of all.
package main

import (
	"encoding/hex"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

var seen = map[string]struct{}{}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		var number [20]byte
		for range l.Requests(3000) {
			if l.Intn(4) > 0 {
				l.Read(number[:])
			}
			receive(number[:])
		}
	})
}

func receive(number []byte) bool {
	id := hex.EncodeToString(number) // alloclens: leak seen
	if _, ok := seen[id]; ok {
		return false
	}
	seen[id] = struct{}{} // alloclens: leak seen
	return true
}
