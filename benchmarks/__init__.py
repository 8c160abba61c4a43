"""Benchmarks of the mock beside bare servers and other mocks, with a new body in each request."""
