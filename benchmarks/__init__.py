"""Measurements against bare servers in the same run; `make bench` runs them all."""
