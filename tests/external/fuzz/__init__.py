"""Fuzzers; `make fuzz` runs them."""
