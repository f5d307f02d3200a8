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
	pages [][]byte
}

func newCache(size int) *cache {
	return &cache{pages: make([][]byte, size)}
}

func (c *cache) page(product int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	slot := product % len(c.pages)
	if c.pages[slot] == nil {
		c.pages[slot] = make([]byte, 64<<10) // alloclens: honest cache
	}
	return c.pages[slot]
}

// product shows a page out of the cache.
func (s *shop) product(w http.ResponseWriter, r *http.Request) {
	product, _ := strconv.Atoi(r.URL.Query().Get("id"))
	fmt.Fprintln(w, len(s.cache.page(product)))
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
