// Leaky is a small shop service with three leaks and three honest neighbours.
//
// The comments that start with "alloclens:" say which line is which; the tests of alloclens read them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen; port 0 takes a free one")
	flag.Parse()
	if err := serve(*addr); err != nil {
		log.Fatal(err)
	}
}

func serve(addr string) error {
	shop := newShop()
	http.HandleFunc("/session", shop.session)
	http.HandleFunc("/order", shop.order)
	http.HandleFunc("/catalog", shop.catalog)
	http.HandleFunc("/report", shop.report)
	http.HandleFunc("/product", shop.product)
	http.HandleFunc("/upload", shop.upload)

	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("leaky: listening on http://%s\n", listener.Addr())
	return serveUntilSignal(listener)
}

func serveUntilSignal(listener net.Listener) error {
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
