"""Data kept between runs."""
