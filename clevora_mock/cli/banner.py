"""The banner at the server's start, and the ``READY`` line for scripts."""

import json
import os
import sys
from ipaddress import ip_address

from clevora_mock.cli.streams import discard
from clevora_mock.cli.terminal import Styler
from clevora_mock.settings import Settings
from clevora_mock.version import __version__


def announce(settings: Settings, url: str) -> None:
    """Print the banner, unless ``--quiet``, and ``READY``."""
    ready = {"url": url, "sandbox": "default", "seed": settings.seed, "pid": os.getpid()}
    text = "" if settings.quiet else banner(settings, url, Styler(sys.stdout))
    try:
        sys.stdout.write(f"{text}READY {json.dumps(ready, separators=(',', ':'))}\n")
        sys.stdout.flush()
    except OSError:
        # A reader that has gone is no reason to stop.
        discard(sys.stdout)


def banner(settings: Settings, url: str, style: Styler) -> str:
    """Return the program's name, the variables to copy, the console's address and notable settings."""
    facts = [("Console", f"{url}/"), *_notable_settings(settings)]
    facts += zip(("Network", ""), exposure(settings.host), strict=False)
    rows = "".join(f"  {style(f'{name:<9}', 'dim')} {value}\n" for name, value in facts)
    return (
        f"{style(f'clevora-mock {__version__}', 'bold')}: the Clevora AI API, on this machine. Ctrl-C stops it.\n\n"
        f"  export CLEVORA_BASE_URL={style(f'{url}/v1', 'mark')}\n"
        f"  export CLEVORA_API_KEY={style(settings.api_key, 'mark')}\n\n"
        f"{rows}\n"
    )


def exposure(host: str) -> list[str]:
    """Say in lines what a server that listens on `host` opens to whom; nothing for a loopback address."""
    try:
        is_local = ip_address(host).is_loopback
    except ValueError:
        is_local = host == "localhost"
    if is_local:
        return []
    return [
        f"{host}: every machine that can reach this one can use the API,",
        "and the control plane without a key, by IP address or --allowed-host",
    ]


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
