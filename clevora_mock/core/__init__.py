"""Sandboxes: state and rules, without I/O."""
