module example.com/leaks

go 1.23

require (
	example.com/middleware v0.4.1
	example.com/telemetry v1.2.0
)
