// Subslice reads large uploads and remembers only their first bytes, and with them the whole uploads.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

var signatures [][]byte

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(60) {
			upload := read(l)
			if l.Intn(4) == 0 {
				signatures = append(signatures, upload[:8]) // alloclens: also subslice
			}
		}
	})
}

func read(l *rounds.Load) []byte {
	upload := make([]byte, l.Size(64<<10)) // alloclens: leak subslice
	l.Read(upload[:16])
	return upload
}
