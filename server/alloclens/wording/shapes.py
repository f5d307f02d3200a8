"""What a leak of a known shape forgot, in one sentence; the page says more."""

from __future__ import annotations

from alloclens.languages.go.leak_patterns import Shape

SHAPES = {
    Shape.TICKER: "It makes tickers: is each one stopped?",
    Shape.TIMER: "It makes timers: is each one stopped that does not fire?",
    Shape.RESPONSE_BODY: "It asks for HTTP responses: is each body closed?",
    Shape.REGISTRATION: "It registers something in a table of a dependency, each time: register it once.",
    Shape.CONTEXT: "It makes contexts: is each one cancelled?",
    Shape.MAP: "A map grows: is anything ever deleted from it?",
    Shape.SLICE: "A slice grows: is it ever cut back?",
    Shape.GOROUTINE: "Goroutines are started that do not end.",
}
