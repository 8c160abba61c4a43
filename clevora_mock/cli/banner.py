"""The banner at the server's start, and the ``READY`` line for scripts."""

import json
import os
import sys

from clevora_mock.cli.terminal import Styler
from clevora_mock.settings import Settings
from clevora_mock.version import __version__


def announce(settings: Settings, url: str) -> None:
    """Print the banner, unless ``--quiet``, and ``READY``."""
    if not settings.quiet:
        sys.stdout.write(banner(settings, url, Styler(sys.stdout)))
    ready = {"url": url, "sandbox": "default", "seed": settings.seed, "pid": os.getpid()}
    sys.stdout.write("READY " + json.dumps(ready, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def banner(settings: Settings, url: str, style: Styler) -> str:
    """Return the program's name, the variables to copy, the console's address and notable settings."""
    facts = [("Console", f"{url}/"), *_notable_settings(settings)]
    rows = "".join(f"  {style(f'{name:<9}', 'dim')} {value}\n" for name, value in facts)
    return (
        f"{style(f'clevora-mock {__version__}', 'bold')}: the Clevora AI API, on this machine. Ctrl-C stops it.\n\n"
        f"  export CLEVORA_BASE_URL={style(f'{url}/v1', 'mark')}\n"
        f"  export CLEVORA_API_KEY={style(settings.api_key, 'mark')}\n\n"
        f"{rows}\n"
    )


def _notable_settings(settings: Settings) -> list[tuple[str, str]]:
    """Return names and texts of the settings that change what a reader of the log sees."""
    facts: list[tuple[str, str]] = []
    if settings.scenario is not None:
        facts.append(("Scenario", f"{settings.scenario}{', reloaded when it changes' if settings.watch else ''}"))
    if settings.clock != "real":
        clock = settings.make_clock()
        speed = f", {clock.speed:g} seconds a second" if clock.mode == "scaled" else ""
        mark = "; the log marks its times with *" if settings.log_format == "text" else ""
        facts.append(("Clock", f"{clock.mode}{speed}{mark}"))
    if settings.no_rate_limit:
        facts.append(("Limits", "off"))
    return facts
