"""Tests that need other programs, each directory with its own target of make."""
