"""The server: uvicorn with a stricter HTTP protocol, its socket, and its life from start to export."""
