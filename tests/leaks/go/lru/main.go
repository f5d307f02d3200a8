// Lru is a cache that throws out what was not used for longest. It is full after some rounds.
package main

import (
	"container/list"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type page struct {
	key  int
	text []byte
}

var (
	limit int
	byKey = map[int]*list.Element{}
	order = list.New()
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		if limit == 0 {
			limit = 400 + l.Intn(2000)
		}
		for range l.Requests(120) {
			show(l.Intn(20000), l)
		}
	})
}

func show(key int, l *rounds.Load) *page {
	if found, ok := byKey[key]; ok {
		order.MoveToFront(found)
		return found.Value.(*page)
	}
	p := &page{key, make([]byte, l.Size(12<<10))} // alloclens: honest cache
	byKey[key] = order.PushFront(p)               // alloclens: honest cache
	if order.Len() > limit {
		last := order.Back()
		delete(byKey, last.Value.(*page).key)
		order.Remove(last)
	}
	return p
}
