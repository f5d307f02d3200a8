// Lazy builds the table of a region when somebody asks for it. Large regions are asked for soon, small ones late.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

const regions = 96

var tables [regions][]*street

type street struct {
	region int
	houses [900]byte
}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(60) {
			region(int(regions * l.Float64() * l.Float64() * l.Float64() * l.Float64()))
		}
	})
}

func region(number int) []*street {
	if tables[number] == nil {
		for range 250 {
			tables[number] = append(tables[number], &street{region: number}) // alloclens: honest street
		}
	}
	return tables[number]
}
