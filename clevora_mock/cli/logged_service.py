"""A server whose log and summary go to standard error, for the commands that serve."""

import sys
from collections.abc import Sequence

from clevora_mock.cli.log import combine, control_line_writer, line_writer
from clevora_mock.core.journal import RequestListener
from clevora_mock.core.messages import printable
from clevora_mock.core.run_summary import RunSummary
from clevora_mock.server.service import Service
from clevora_mock.settings import Settings


def logged_service(settings: Settings, summary: RunSummary, *listeners: RequestListener) -> Service:
    """Make a server that writes the log and adds to `summary`, and print its warnings; with `quiet` none of it.

    `listeners` get each request in any case. Raises CannotServeError.
    """
    service = _service(settings, summary, listeners)
    if not settings.quiet:
        sys.stderr.writelines(f"clevora-mock: warning: {warning}\n" for warning in service.warnings())
    return service


def _service(settings: Settings, summary: RunSummary, listeners: Sequence[RequestListener]) -> Service:
    if settings.quiet:
        return Service(settings, combine(*listeners) if listeners else None, summary.add_findings)
    if settings.log_format is None:
        return Service(settings, combine(summary.add, *listeners), summary.add_findings, on_refused=_write_refused)
    listener = combine(summary.add, *listeners, line_writer(settings.log_format))
    return Service(settings, listener, summary.add_findings, control_line_writer(settings.log_format), _write_refused)


def _write_refused(line: str) -> None:
    sys.stderr.write(f"clevora-mock: refused, {line}\n")


def print_summary(summary: RunSummary, service: Service, hint: str | None = None) -> None:
    """Clear the journals and print the summary, with the seed if it is not the default; nothing with ``--quiet``.

    Where no request arrived, `hint` says why that may be.
    """
    if service.settings.quiet:
        return
    service.clear_journals()
    if summary.requests:
        head, *rest = map(printable, summary.lines())
    else:
        head, rest = hint or f"0 requests; did the program use CLEVORA_BASE_URL, {service.url}/v1?", []
    seed = f", seed {service.settings.seed}" if service.settings.seed else ""
    # A terminal shows Ctrl-C as ^C and does not end the line.
    start = "\n" if sys.stderr.isatty() else ""
    sys.stderr.write("\n  ".join([f"{start}clevora-mock: {head}{seed}", *rest]) + "\n")
