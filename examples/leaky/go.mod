module example.com/leaky

go 1.21

require example.com/telemetry v1.2.0
