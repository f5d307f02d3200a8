package rounds

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"
)

const patience = 20 // milliseconds that goroutines get to settle

// A snapshot is named by the round and the replica; the first replica has no number.
type snapshot struct {
	round, replica int
	at             time.Time
	texts          bool // of goroutines
}

func (s snapshot) name(kind, extension string) string {
	replica := ""
	if s.replica > 0 {
		replica = fmt.Sprintf(".%d", s.replica)
	}
	return fmt.Sprintf("%s.%04d%s.%s", kind, s.round, replica, extension)
}

// write takes one snapshot. The first collection finishes the sweep of what was dropped, the second publishes it.
func write(directory string, s snapshot) error {
	settle()
	runtime.GC()
	runtime.GC()
	if err := s.compressed(directory, "heap"); err != nil {
		return err
	}
	if s.texts {
		return s.text(directory, "goroutine")
	}
	return s.compressed(directory, "goroutine")
}

func (s snapshot) compressed(directory, kind string) error {
	var out bytes.Buffer
	if err := pprof.Lookup(kind).WriteTo(&out, 0); err != nil {
		return err
	}
	stamped, err := restamp(&out, s.at)
	if err != nil {
		return err
	}
	return replace(filepath.Join(directory, s.name(kind, "pb.gz")), stamped, s.at)
}

func (s snapshot) text(directory, kind string) error {
	var out bytes.Buffer
	if err := pprof.Lookup(kind).WriteTo(&out, 2); err != nil {
		return err
	}
	return replace(filepath.Join(directory, s.name(kind, "txt")), out.Bytes(), s.at)
}

func settle() {
	before := -1
	for range patience {
		if now := runtime.NumGoroutine(); now == before {
			return
		} else {
			before = now
		}
		time.Sleep(time.Millisecond)
	}
}

const (
	timeNanos = 9 // field of profile.proto
	varint    = 0 // wire type
	delimited = 2
)

// restamp returns a compressed profile with another time_nanos. The other fields stay as they are.
func restamp(compressed io.Reader, at time.Time) ([]byte, error) {
	reader, err := gzip.NewReader(compressed)
	if err != nil {
		return nil, err
	}
	message, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	for len(message) > 0 {
		tag, size := binary.Uvarint(message)
		value, more := binary.Uvarint(message[size:])
		size += more
		switch tag & 7 {
		case varint:
		case delimited:
			size += int(value)
		default:
			return nil, fmt.Errorf("unexpected wire type of field %d", tag>>3)
		}
		if tag>>3 != timeNanos {
			writer.Write(message[:size]) // to memory: Close reports errors
		}
		message = message[size:]
	}
	stamp := binary.AppendUvarint([]byte{timeNanos<<3 | varint}, uint64(at.UnixNano()))
	writer.Write(stamp)
	err = writer.Close()
	return out.Bytes(), err
}

// replace writes a file whole or not at all.
func replace(path string, content []byte, at time.Time) error {
	folder, name := filepath.Split(path)
	passing := filepath.Join(folder, "."+name)
	if err := os.WriteFile(passing, content, 0o644); err != nil {
		return err
	}
	if err := os.Chtimes(passing, at, at); err != nil {
		return err
	}
	return os.Rename(passing, path)
}
