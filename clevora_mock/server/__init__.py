"""The server: uvicorn's HTTP protocol, a listening socket, and one service from start to end."""
