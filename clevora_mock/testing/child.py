"""``python -m clevora_mock.testing.child``: ``clevora-mock serve`` that ends with its parent.

The parent holds the other end of standard input and never writes, so EOF means that it has ended. A process that the
parent forked may hold it too, so the parent's end is also noticed by the process id.
"""

import os
import select
import signal
import sys
import threading

from clevora_mock.__main__ import run

_POLL_SECONDS = 0.5


def _end_with_parent(parent: int) -> None:
    if sys.platform == "win32":
        # Unbuffered: at the interpreter's end, a buffer's lock that a thread holds is a fatal error.
        os.read(0, 1)
    else:
        # The main thread alone takes signals; it blocks them while it exports.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while os.getppid() == parent and not select.select([0], [], [], _POLL_SECONDS)[0]:
            pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, args=[os.getppid()], daemon=True).start()
    run()
