"""``python -m clevora_mock.testing.child``: ``clevora-mock serve`` that ends with its parent.

The parent holds the other end of standard input and never writes, so EOF means that it has ended.
"""

import os
import signal
import threading

from clevora_mock.__main__ import run


def _end_with_parent() -> None:
    # Unbuffered: at the interpreter's end, a buffer's lock that a thread holds is a fatal error.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    run()
