module example.com/leaks

go 1.23

require (
	example.com/counters v1.0.3
	example.com/database v0.9.0
	example.com/middleware v0.4.1
	example.com/outbox v0.3.2
	example.com/shipper v1.8.1
	example.com/telemetry v1.2.0
)
