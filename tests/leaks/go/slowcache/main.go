// Slowcache keeps what was shown last, within a budget that differs from run to run. It is full late, or never in this run.
package main

import (
	"container/list"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type image struct {
	key    int
	pixels []byte
}

var (
	budget, held int // bytes
	byKey        = map[int]*list.Element{}
	order        = list.New()
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		if budget == 0 {
			budget = l.Size(16 << 20)
		}
		for range l.Requests(80) {
			show(int(30000*l.Float64()*l.Float64()), l)
		}
	})
}

func show(key int, l *rounds.Load) *image {
	if found, ok := byKey[key]; ok {
		order.MoveToFront(found)
		return found.Value.(*image)
	}
	i := &image{key, make([]byte, l.Size(8<<10))} // alloclens: honest cache
	byKey[key] = order.PushFront(i)               // alloclens: honest cache
	for held += len(i.pixels); held > budget; {
		last := order.Remove(order.Back()).(*image)
		delete(byKey, last.key)
		held -= len(last.pixels)
	}
	return i
}
