"""The HTTP side that any mock of an API needs: middleware, pipeline, validation, responses."""
