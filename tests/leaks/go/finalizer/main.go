// Finalizer gives each image a finalizer; image and palette name each other, so no finalizer may run first, or ever.
package main

import (
	"runtime"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type image struct {
	pixels  []byte
	palette *palette
}

type palette struct {
	of     *image
	colors [256]uint32
}

var closed int

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(80) {
			draw(l.Size(12 << 10))
			scan(l.Size(12 << 10))
		}
	})
}

func draw(size int) {
	i := &image{pixels: make([]byte, size)} // alloclens: leak finalizer
	i.palette = &palette{of: i}             // alloclens: leak finalizer
	runtime.SetFinalizer(i, func(*image) { closed++ })
}

// scan has a finalizer, too, but no cycle.
func scan(size int) {
	i := &image{pixels: make([]byte, size)} // alloclens: honest finalizer
	runtime.SetFinalizer(i, func(*image) { closed++ })
}
