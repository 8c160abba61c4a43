"""The commands, their output and their settings."""
