"""Groups snapshots into series and computes verdicts on lines."""
