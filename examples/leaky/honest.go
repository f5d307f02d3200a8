package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// report builds a large answer and drops it: much is allocated, nothing stays.
func (s *shop) report(w http.ResponseWriter, r *http.Request) {
	rows := make([]byte, 256<<10) // alloclens: honest churn
	for i := range rows {
		rows[i] = 'a' + byte(i%26)
	}
	fmt.Fprintln(w, len(bytes.ToUpper(rows)))
}

// A cache keeps a fixed number of pages; when it is full, a new page takes the place of an old one.
type cache struct {
	mu    sync.Mutex
	pages []page
}

type page struct {
	product int
	text    []byte
}

func newCache(size int) *cache {
	return &cache{pages: make([]page, size)}
}

func (c *cache) page(product int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	slot := &c.pages[product%len(c.pages)]
	if slot.text == nil || slot.product != product {
		*slot = page{product: product, text: make([]byte, 64<<10)} // alloclens: honest cache
	}
	return slot.text
}

// product shows a page out of the cache.
func (s *shop) product(w http.ResponseWriter, r *http.Request) {
	product, err := strconv.ParseUint(r.URL.Query().Get("id"), 10, 31)
	if err != nil {
		http.Error(w, "no such product", http.StatusNotFound)
		return
	}
	fmt.Fprintln(w, len(s.cache.page(int(product))))
}

func newUploadBuffer() *[]byte {
	buffer := make([]byte, 1<<20) // alloclens: honest pool
	return &buffer
}

// upload reads a body through a buffer that the next request will use again.
func (s *shop) upload(w http.ResponseWriter, r *http.Request) {
	buffer := s.pool.Get().(*[]byte)
	defer s.pool.Put(buffer)
	n, _ := io.CopyBuffer(io.Discard, r.Body, *buffer)
	fmt.Fprintln(w, n)
}
