// Package database prepares statements, which a connection keeps until they are closed.
package database

import "strings"

// A Conn is a connection.
type Conn struct {
	next  int
	stmts map[int]*Stmt
}

// A Stmt is a prepared statement.
type Stmt struct {
	conn    *Conn
	id      int
	columns []string
	row     []byte
}

// Open returns a connection.
func Open() *Conn {
	return &Conn{stmts: map[int]*Stmt{}}
}

// Prepare returns a statement, which must be closed.
func (c *Conn) Prepare(query string) *Stmt {
	c.next++
	s := &Stmt{conn: c, id: c.next, columns: strings.Split(query, ","), row: make([]byte, 4<<10)}
	c.stmts[s.id] = s
	return s
}

// Query returns the number of rows.
func (s *Stmt) Query(key int) int {
	s.row[key%len(s.row)]++
	return key % 7
}

// Close makes the connection forget the statement.
func (s *Stmt) Close() {
	delete(s.conn.stmts, s.id)
}
