"""Third-party clients: `make test-clients` (Python, Node, Go, Java, curl) and `make test-browser` (Chromium)."""
