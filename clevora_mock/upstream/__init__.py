"""The client of the live API that requests are forwarded to."""
