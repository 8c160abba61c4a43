"""Third-party clients for Python, Node and Java, and curl: `make test-clients`."""
