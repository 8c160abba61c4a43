"""The emulated API: tables of requests in `rows`, and behavior over several requests."""
