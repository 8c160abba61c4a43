"""Faults, as a client sees them, and their prices."""
