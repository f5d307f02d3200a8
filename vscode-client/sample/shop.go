package main

import "crypto/sha256"

const (
	pageBytes    = 128 << 10
	pictureBytes = 64 << 10
	receiptBytes = 16 << 10
)

type Shop struct {
	pictures map[int][]byte
	receipts map[int][]byte
}

func NewShop() *Shop {
	return &Shop{pictures: map[int][]byte{}, receipts: map[int][]byte{}}
}

// Buy sells a product to a customer.
func (s *Shop) Buy(customer, product int) {
	page := render(s.picture(product))
	s.receipts[customer] = receipt(page)
}

// A cache with a limit: it grows until it is full, and then no more.
func (s *Shop) picture(product int) []byte {
	if found, ok := s.pictures[product]; ok {
		return found
	}
	if len(s.pictures) > 100 {
		clear(s.pictures)
	}
	s.pictures[product] = make([]byte, pictureBytes)
	return s.pictures[product]
}

// Churn: each page is garbage as soon as it has been sent.
func render(picture []byte) []byte {
	return append(make([]byte, 0, pageBytes), picture...)
}

// The leak: nobody ever asks for these receipts, and nobody deletes them.
func receipt(page []byte) []byte {
	sum := sha256.Sum256(page)
	kept := make([]byte, receiptBytes)
	copy(kept, sum[:])
	return kept
}
