"""The plugin for pytest, and servers started by Python programs."""
