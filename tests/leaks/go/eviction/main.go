// Eviction drops the oldest page from the map of its cache, but not from the list.
package main

import (
	"container/list"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

const limit = 200

type page struct {
	key  uint32
	text []byte
}

var (
	byKey  = map[uint32]*page{}
	oldest = list.New()
	last   *list.Element
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(200) {
			show(l.Uint32()>>20, l)
		}
	})
}

func show(key uint32, l *rounds.Load) *page {
	if found, ok := byKey[key]; ok {
		return found
	}
	p := &page{key, make([]byte, l.Size(6<<10))} // alloclens: leak eviction
	byKey[key] = p
	oldest.PushBack(p) // alloclens: also eviction
	evict()
	return p
}

func evict() {
	if len(byKey) <= limit {
		return
	}
	if last == nil {
		last = oldest.Front()
	}
	delete(byKey, last.Value.(*page).key)
	last = last.Next()
}
