"""What is known of programming languages."""
