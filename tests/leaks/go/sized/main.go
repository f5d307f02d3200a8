// Sized is a cache with a budget in bytes; a few of its documents are a hundred times as large as most.
package main

import (
	"math"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

const budget = 12 << 20 // bytes

type document struct {
	number int
	text   []byte
}

var (
	documents = map[int]*document{}
	oldest    []*document
	held      int
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(200) {
			open(l.Intn(5000), l)
		}
	})
}

func open(number int, l *rounds.Load) *document {
	if d, ok := documents[number]; ok {
		return d
	}
	size := min(int(2000*math.Pow(l.Float64(), -0.8)), 400<<10)
	d := &document{number, make([]byte, size)} // alloclens: honest documents
	documents[number] = d
	oldest = append(oldest, d) // alloclens: honest documents
	for held += size; held > budget; oldest = oldest[1:] {
		delete(documents, oldest[0].number)
		held -= len(oldest[0].text)
		oldest[0] = nil
	}
	return d
}
