"""A mutation tester: small changes to the package, each of which some test should notice (``make mutation``)."""
