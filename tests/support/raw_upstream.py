"""A live API on a plain or TLS socket, which sends the bytes that a test gives it."""

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

# Valid until 2120, for localhost and 127.0.0.1.
TLS_FILES = Path(__file__).parent / "tls"
AUTHORITY = TLS_FILES / "authority.pem"
# Between two parts, so that they arrive apart.
_PAUSE_SECONDS = 0.05


class RawUpstream:
    """The upstream's address, the heads of the requests that it got, and whether a client has left."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.heads: list[bytes] = []
        self.left = threading.Event()


@contextlib.contextmanager
def serve_bytes(*parts: bytes, tls: bool = False, endless: bool = False) -> Iterator[RawUpstream]:
    """Answer each request with `parts`, and close; an `endless` answer repeats the last one until the client leaves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if tls:
        context.load_cert_chain(TLS_FILES / "localhost.pem")

    def answer(connection: socket.socket) -> None:
        # A client that does not trust the certificate, or leaves, is no error.
        with contextlib.suppress(OSError), connection:
            talking = context.wrap_socket(connection, server_side=True) if tls else connection
            with talking:
                upstream.heads.append(_read_request(talking))
                for part in parts:
                    talking.sendall(part)
                    time.sleep(_PAUSE_SECONDS)
                try:
                    while endless:
                        talking.sendall(parts[-1])
                        time.sleep(_PAUSE_SECONDS)
                except OSError:
                    upstream.left.set()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        scheme = "https" if tls else "http"
        upstream = RawUpstream(f"{scheme}://localhost:{listener.getsockname()[1]}/v1")
        threading.Thread(target=accept, daemon=True).start()
        yield upstream
        # Wakes the thread that accepts.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0:
        missing -= len(connection.recv(65536)) or missing
    return head
