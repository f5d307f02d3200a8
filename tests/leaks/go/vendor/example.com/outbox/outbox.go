// Package outbox publishes messages and keeps them until they are acknowledged.
package outbox

type message struct {
	id   uint64
	body []byte
}

type kept struct {
	message
	attempts int
}

// A Client has a goroutine that keeps and sends what is published.
type Client struct {
	next      uint64
	published chan message
	acks      chan uint64
}

// Connect returns a client.
func Connect() *Client {
	c := &Client{published: make(chan message), acks: make(chan uint64)}
	go c.loop()
	return c
}

// Publish hands over a message and returns its number. The body may be reused at once.
func (c *Client) Publish(body []byte) uint64 {
	c.next++
	c.published <- message{c.next, body}
	return c.next
}

// Acknowledge forgets a message.
func (c *Client) Acknowledge(id uint64) {
	c.acks <- id
}

func (c *Client) loop() {
	pending := map[uint64]*kept{}
	for {
		select {
		case m := <-c.published:
			pending[m.id] = keep(m)
		case id := <-c.acks:
			delete(pending, id)
		}
	}
}

func keep(m message) *kept {
	return &kept{message: message{m.id, append([]byte(nil), m.body...)}, attempts: 1}
}
