package main

import (
	"sync"
	"time"
)

// A shop answers requests. What it holds lives as long as the process.
type shop struct {
	mu       sync.Mutex
	refresh  map[int]*time.Ticker // by session
	payments chan struct{}        // never made, so who receives from it waits for ever
	cache    *cache
	pool     sync.Pool
}

func newShop() *shop {
	s := &shop{refresh: map[int]*time.Ticker{}, cache: newCache(512)}
	s.pool.New = func() any { return newUploadBuffer() }
	return s
}

// An order is what its goroutine holds while it waits.
type order struct {
	id    int
	lines [128]orderLine
}

type orderLine struct {
	product  int
	quantity int
	price    float64
	note     [40]byte
}
