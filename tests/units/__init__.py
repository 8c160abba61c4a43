"""Pure functions, without a server."""
