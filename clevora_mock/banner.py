"""What the server prints at its start: what to copy, and one stable line for scripts."""

import json
import os
import sys

from clevora_mock.settings import ClockSetting, Settings
from clevora_mock.terminal import Paint
from clevora_mock.version import __version__


def announce(settings: Settings, url: str) -> None:
    """Print the banner, unless it is not wanted, and ``READY``."""
    if not settings.quiet:
        sys.stdout.write(banner(settings, url, Paint(sys.stdout)))
    ready = {"url": url, "sandbox": "default", "seed": settings.seed, "pid": os.getpid()}
    sys.stdout.write("READY " + json.dumps(ready, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def banner(settings: Settings, url: str, paint: Paint) -> str:
    """What this is, what to copy, what is unusual about it, and where to read on."""
    facts = [("Console", f"{url}/"), *_unusual(settings)]
    rows = "".join(f"  {paint(f'{name:<9}', 'dim')} {said}\n" for name, said in facts)
    return (
        f"{paint(f'clevora-mock {__version__}', 'bold')}: the Clevora AI API, on this machine. Ctrl-C stops it.\n\n"
        f"  export CLEVORA_BASE_URL={paint(f'{url}/v1', 'mark')}\n"
        f"  export CLEVORA_API_KEY={paint(settings.api_key, 'mark')}\n\n"
        f"{rows}\n"
    )


def _unusual(settings: Settings) -> list[tuple[str, str]]:
    """What a reader of the log would otherwise wonder about."""
    facts: list[tuple[str, str]] = []
    if settings.scenario is not None:
        facts.append(("Scenario", settings.scenario + (", reloaded when it changes" if settings.watch else "")))
    if settings.clock != ClockSetting():
        speed = f", {settings.clock.speed:g} seconds a second" if settings.clock.mode == "scaled" else ""
        facts.append(("Clock", settings.clock.mode + speed))
    if settings.no_rate_limit:
        facts.append(("Limits", "off"))
    return facts
