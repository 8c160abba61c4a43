"""The wheel, built, installed and used: `make test-package`."""
