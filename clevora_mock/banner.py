"""What the server prints at its start: what to copy, and one stable line for scripts."""

import json
import os
import sys

from clevora_mock.settings import Settings
from clevora_mock.version import __version__


def announce(settings: Settings, url: str) -> None:
    """Print the banner, unless it is not wanted, and ``READY``."""
    if not settings.quiet:
        sys.stdout.write(
            f"clevora-mock {__version__}: the Clevora AI API, on this machine\n\n"
            f"  export CLEVORA_BASE_URL={url}/v1\n"
            f"  export CLEVORA_API_KEY={settings.api_key}\n\n"
            f"  {url}/ says the rest. Ctrl-C stops.\n\n"
        )
    ready = {"url": url, "sandbox": "default", "seed": settings.seed, "pid": os.getpid()}
    sys.stdout.write("READY " + json.dumps(ready, separators=(",", ":")) + "\n")
    sys.stdout.flush()
