package rounds

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"
)

const patience = 20 // milliseconds that goroutines get to settle

// write takes one snapshot. The first collection finishes the sweep of what was dropped, the second publishes it.
func write(directory string, number int) error {
	settle()
	runtime.GC()
	runtime.GC()
	if err := profile("heap", 0, filepath.Join(directory, fmt.Sprintf("heap.%04d.pb.gz", number))); err != nil {
		return err
	}
	return profile("goroutine", 2, filepath.Join(directory, fmt.Sprintf("goroutine.%04d.txt", number)))
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

func profile(name string, debug int, path string) error {
	return replace(path, func(w io.Writer) error { return pprof.Lookup(name).WriteTo(w, debug) })
}

// replace writes a file whole or not at all.
func replace(path string, fill func(io.Writer) error) error {
	folder, name := filepath.Split(path)
	file, err := os.Create(filepath.Join(folder, "."+name))
	if err != nil {
		return err
	}
	if err := fill(file); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
