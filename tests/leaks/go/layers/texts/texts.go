// Package texts writes texts.
package texts

// Letter returns a letter of a size. All callers of buffer are here.
func Letter(size int) []byte {
	return append(buffer(size), "Yours sincerely"...)
}

func buffer(size int) []byte {
	return make([]byte, 0, size+64) // alloclens: helper mail
}
