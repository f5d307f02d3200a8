"""What is known of Go."""
