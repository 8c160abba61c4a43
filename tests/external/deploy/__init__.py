"""Several servers behind nginx, with the configuration that is shipped: `make test-deploy`."""
