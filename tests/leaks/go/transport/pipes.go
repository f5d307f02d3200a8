package main

import (
	"context"
	"net"
)

// pipes is a network without sockets: a listener whose connections are dialled in the same process.
type pipes chan net.Conn

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe() // alloclens: also transport
	p <- there
	return here, nil
}

func (p pipes) Accept() (net.Conn, error) { return <-p, nil }
func (p pipes) Close() error              { return nil }
func (p pipes) Addr() net.Addr            { return &net.UnixAddr{Name: "pipes"} }
