"""The banner at the server's start, and the ``READY`` line for scripts."""

import json
import os
import socket
import sys
from urllib.parse import urlsplit

from clevora_mock.cli.streams import discard
from clevora_mock.cli.terminal import Styler
from clevora_mock.loopback import is_loopback_host
from clevora_mock.settings import Settings, reachable_host
from clevora_mock.version import __version__

_CONTROL = {
    "loopback": "only this machine can use the control plane (--control loopback)",
    "allowed": "all can use the control plane, without a key (--control allowed)",
    "off": "nobody can use the control plane (--control off)",
}

_WELL_KNOWN = ", which anybody can forge: set --webhook-secret or --seed"


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
    facts = [] if settings.control == "off" else [("Console", f"{url}/")]
    facts += _notable_settings(settings)
    facts += [("" if number else "Network", line) for number, line in enumerate(exposure(settings, url))]
    rows = "".join(f"  {style(f'{name:<9}', 'dim')} {value}\n" for name, value in facts)
    return (
        f"{style(f'clevora-mock {__version__}', 'bold')}: the Clevora AI API, on this machine. Ctrl-C stops it.\n\n"
        f"  export CLEVORA_BASE_URL={style(f'{url}/v1', 'mark')}\n"
        f"  export CLEVORA_API_KEY={style(settings.api_key, 'mark')}\n\n"
        f"{rows}\n"
    )


def exposure(settings: Settings, url: str) -> list[str]:
    """Say in lines what a server opens to whom, and where; nothing for one that listens on a loopback address.

    `url` is its address for this machine.
    """
    if is_loopback_host(settings.host):
        return []
    lines = [f"{settings.host}: every machine that can reach this one can use the API", _CONTROL[settings.control]]
    if reachable_host(settings.host) != settings.host:
        lines.append(f"others use http://{socket.gethostname()}:{urlsplit(url).port}/v1, or this machine's address")
    if settings.control == "allowed":
        lines.append("the control plane takes addresses, and the names of --allowed-host")
    return lines


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
    if settings.control == "off":
        facts.append(("Control", "off"))
    if settings.strict_tokens:
        is_known = (settings.seed, settings.webhook_secret) == (Settings().seed, Settings().webhook_secret)
        facts.append(("Tokens", f"only this server's{_WELL_KNOWN if is_known else ''}"))
    if settings.record is not None:
        facts.append(("Record", f"{settings.record}, from {settings.upstream} ({settings.record_mode})"))
    if settings.replay is not None:
        facts.append(("Replay", f"{settings.replay}; what is not there: {settings.on_miss_here}"))
    if settings.diff:
        facts.append(("Diff", f"with {settings.upstream}, reported at the end"))
    if settings.no_rate_limit:
        facts.append(("Limits", "off"))
    return facts
