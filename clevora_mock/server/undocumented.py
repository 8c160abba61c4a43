"""Names of uvicorn that its documentation does not promise, and that this package uses."""

# Attributes by class.
UNDOCUMENTED = {
    "HttpToolsProtocol": ("cycle", "on_response_complete", "parser", "scope"),
    "RequestResponseCycle": ("chunked_encoding", "expected_content_length", "response_complete", "response_started"),
    "Server": ("capture_signals", "startup"),
}
