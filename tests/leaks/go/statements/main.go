// Statements prepares a query for each request. If there is no row, it returns before it closes the statement.
package main

import (
	"example.com/database"
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

func main() {
	service, conn := background.New(), database.Open()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(400) {
			orders(conn, l.Intn(10000))
		}
	})
}

func orders(conn *database.Conn, customer int) int {
	query := conn.Prepare("id, total, state, paid, sent") // alloclens: leak statements
	rows := query.Query(customer)
	if rows == 0 {
		return 0
	}
	defer query.Close()
	return rows
}
