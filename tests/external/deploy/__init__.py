"""Several servers behind nginx, with the shipped configuration: `make test-deploy`."""
