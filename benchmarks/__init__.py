"""Benchmarks of the mock beside bare servers; `make bench` runs them all."""
