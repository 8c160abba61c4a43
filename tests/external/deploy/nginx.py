"""nginx with deploy/nginx.conf, in front of servers on this machine."""

import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from tests.support.ports import free_port

FILE = Path(__file__).parents[3] / "deploy" / "nginx.conf"

_SERVER = re.compile(r"^ *server [\w.-]+:\d+ max_fails=0;\n", re.MULTILINE)
_LISTEN = re.compile(r"listen \d+ ")
_FOLDER = "/tmp/clevora-mock-nginx"
_TIMEOUT_SECONDS = 20
_WORKERS = 2


class Balancer(Struct, frozen=True):
    """A running nginx, and its port."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def balancing(ports: Sequence[int]) -> Iterator[Balancer]:
    """Run nginx in front of the servers at these ports until the block ends."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        raise RuntimeError("nginx is not installed")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="clevora-mock-") as folder:
        # Its workers run as another user than root, who starts them.
        Path(folder).chmod(0o755)
        file = Path(folder, "nginx.conf")
        file.write_text(_configured(port, ports, folder), encoding="utf-8")
        process = subprocess.Popen([nginx, "-c", str(file), "-g", "daemon off;"])
        try:
            _wait(process, port)
            yield Balancer(port)
        finally:
            process.terminate()
            process.wait(_TIMEOUT_SECONDS)


def _configured(port: int, ports: Sequence[int], folder: str) -> str:
    """Write the file with only addresses, the number of workers and the paths of temporary files changed."""
    text = FILE.read_text(encoding="utf-8")
    servers = "".join(f"    server 127.0.0.1:{number} max_fails=0;\n" for number in ports)
    named = _SERVER.findall(text)
    text = text.replace("".join(named), servers)
    for pattern, put in (
        (_LISTEN, f"listen 127.0.0.1:{port} "),
        (r"worker_processes auto", f"worker_processes {_WORKERS}"),
    ):
        text, found = re.subn(pattern, put, text)
        if found != 1:
            raise RuntimeError(f"{FILE}: {found} times {pattern}")
    if not named or servers not in text:
        raise RuntimeError(f"{FILE}: its servers do not stand together")
    return text.replace(_FOLDER, f"{folder}/nginx")


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"nginx ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError("nginx does not listen")
