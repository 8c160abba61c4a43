"""The commands of ``clevora-mock``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clevora_mock import exit_status, settings
from clevora_mock.cli.options import SettingsCommand, fail, load_settings, refuse_shared_file, try_file
from clevora_mock.cli.recordings import recordings
from clevora_mock.cli.streams import discard, unblocked_stderr
from clevora_mock.clock import SECOND, read_duration
from clevora_mock.contract.limits import UID_FORMAT, is_uid
from clevora_mock.core.messages import closest_match
from clevora_mock.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from clevora_mock.cli.conduct_checks import FailOn

# ruff: noqa: PLC0415 - each command imports what it needs; `token` should not wait for a web server

SPEND_FLAGS = ("budget", "spend_baseline", "spend_tolerance", "spend_update")
SHELLS = ("bash", "zsh", "fish")


class ServeByDefault(click.Group):
    """A command group with `serve` as its default, and errors of one line and a hint."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        bare = args[0].startswith("-") and args[0] not in ("-h", "--help", "-V", "--version") if args else True
        # Without arguments, shell completion offers the commands rather than flags of `serve`.
        if bare and (args or not ctx.resilient_parsing):
            args = ["serve", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.commands and "exec" in self._takers(ctx, f"--{name}"):
            close = closest_match(name, self.commands)
            ctx.fail(f"No such command {name!r}. Did you mean 'exec --{name}'{f' or {close!r}' if close else ''}?")
        return super().resolve_command(ctx, args)

    def _takers(self, ctx: click.Context, flag: str) -> list[str]:
        """Return the names of the commands that take a flag."""
        return [
            name
            for name, command in self.commands.items()
            if any(flag in parameter.opts for parameter in command.get_params(ctx))
        ]

    def _explain(self, error: click.UsageError) -> str:
        """Return an error's message, which names the commands that take an option where this one does not."""
        if not isinstance(error, click.NoSuchOption) or error.ctx is None:
            return error.format_message()
        takers = self._takers(error.ctx, error.option_name)
        if not takers:
            return error.format_message()
        return f"{error.ctx.command.name} has no option {error.option_name!r}. It is an option of {', '.join(takers)}."

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        serve = self.commands["serve"]
        flags = serve.shell_complete(click.Context(serve, parent=ctx), incomplete) if incomplete.startswith("-") else []
        return super().shell_complete(ctx, incomplete) + [flag for flag in flags if flag.value != "--help"]

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            status = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx is not None else "clevora-mock"
            fail(f"{self._explain(error)}\nTry '{command} --help'.", exit_status.USAGE)
        except click.ClickException as error:
            fail(error.format_message(), error.exit_code)
        except click.Abort:
            raise SystemExit(exit_status.INTERRUPTED) from None
        except OSError as error:
            # Of standard output, since commands handle the errors of files themselves.
            discard(sys.stdout)
            fail(f"cannot write the output: {error.strerror or error}", exit_status.FAILURE)
        raise SystemExit(status if isinstance(status, int) else 0)


@click.group(cls=ServeByDefault, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="clevora-mock")
def main() -> None:
    """Serve the Clevora AI API on this machine, for tests and development.

    Start it, point a client's base URL at it, and every documented call works:

    \b
      clevora-mock                     serve on http://127.0.0.1:2538
      clevora-mock --scenario flaky    where chats fail twice, then answer
      clevora-mock exec -- pytest      only while a command runs, on a free port
      clevora-mock token               a Firebase ID token for the dashboard's calls
    """


@main.command(cls=SettingsCommand)
def serve(**flags: str | None) -> None:
    """Serve the mock until it is stopped (Ctrl-C).

    \b
      clevora-mock                              on http://127.0.0.1:2538
      clevora-mock --scenario flaky             chats fail twice, then answer
      clevora-mock --clock frozen --seed 7      the same bytes in every run
      clevora-mock --balance 0.05               chats are 402 once it is spent

    A flag beats its environment variable, which beats the default.
    """
    chosen = load_settings(flags)
    from clevora_mock.cli.banner import announce
    from clevora_mock.cli.logged_service import logged_service, print_summary
    from clevora_mock.cli.recording_report import report_recordings
    from clevora_mock.core.run_summary import RunSummary
    from clevora_mock.server.service import CannotServeError

    summary = RunSummary()
    try:
        with unblocked_stderr():
            service = logged_service(chosen, summary)
            try:
                service.run(lambda: announce(chosen, service.url))
            finally:
                print_summary(summary, service)
                problems = report_recordings(service, has_passed=True)
    except CannotServeError as error:
        fail(str(error), error.status)
    raise SystemExit(exit_status.of_run(0, (problem.status for problem in problems)))


@main.command(
    name="exec",
    cls=SettingsCommand,
    defaults={"port": "a free one", "log_format": "no lines"},
    context_settings={"allow_interspersed_args": False},
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD...")
@click.option(
    "--fail-on",
    type=click.Choice(("error", "warning", "never")),
    default="never",
    envvar="CLEVORA_MOCK_FAIL_ON",
    metavar="SEVERITY",
    help="Exit with 5 for findings about CMD's conduct: error, warning (both) or never.  [CLEVORA_MOCK_FAIL_ON, "
    "default never]",
)
@click.option(
    "--junit",
    default=None,
    envvar="CLEVORA_MOCK_JUNIT",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write the findings as JUnit's XML.  [CLEVORA_MOCK_JUNIT]",
)
@click.option(
    "--budget",
    envvar="CLEVORA_MOCK_BUDGET",
    metavar="DOLLARS",
    help="Exit with 6 if CMD spends more than this.  [CLEVORA_MOCK_BUDGET]",
)
@click.option(
    "--spend-baseline",
    envvar="CLEVORA_MOCK_SPEND_BASELINE",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Compare what each sandbox spends with this file, which is written if there is none.  "
    "[CLEVORA_MOCK_SPEND_BASELINE]",
)
@click.option("--spend-update", is_flag=True, help="Write the baseline anew.")
@click.option(
    "--spend-tolerance",
    envvar="CLEVORA_MOCK_SPEND_TOLERANCE",
    metavar="PERCENT",
    help="Exit with 6 if a sandbox spends so much more than in the baseline.  [CLEVORA_MOCK_SPEND_TOLERANCE]",
)
@click.option(
    "--report",
    envvar="CLEVORA_MOCK_REPORT",
    metavar="FILE",
    help="Write a report of the run, one HTML file.  [CLEVORA_MOCK_REPORT]",
)
def execute(command: tuple[str, ...], fail_on: "FailOn", junit: str | None, report: str | None, **flags: Any) -> None:
    """Serve for as long as CMD runs, and exit with its status.

    \b
      clevora-mock exec -- pytest
      clevora-mock exec --scenario flaky -- npm test
      clevora-mock exec --fail-on error --junit conduct.xml -- npm test
      clevora-mock exec -- sh -c 'curl -s $CLEVORA_MOCK_URL/__mock/health'

    CMD finds the server by CLEVORA_BASE_URL, CLEVORA_API_KEY and CLEVORA_MOCK_URL, OpenAI's SDKs by OPENAI_BASE_URL and
    OPENAI_API_KEY. The port is a free one unless one is set. A summary is printed at the end; with --log-format each
    request is, too.
    """
    spend_flags = {name: flags.pop(name) for name in SPEND_FLAGS}
    chosen = load_settings(flags, port=0, log_format=None)
    try_file("--junit", junit)
    try_file("--report", report)
    refuse_shared_file(
        {
            "--junit": junit,
            "--report": report,
            "--spend-baseline": spend_flags["spend_baseline"],
            "--export-on-exit": chosen.export_on_exit,
            # Beside --export-on-exit it is refused anyhow.
            "--state": None if chosen.export_on_exit else chosen.state,
        }
    )
    from clevora_mock.cli.conduct_checks import ConductChecks
    from clevora_mock.cli.run_checks import RunChecks
    from clevora_mock.cli.run_command import run_command
    from clevora_mock.cli.run_report.file import ReportFile
    from clevora_mock.cli.spend_report import read_checks
    from clevora_mock.server.service import CannotServeError

    file = None if report is None else ReportFile(Path(report))
    checks = RunChecks(ConductChecks(fail_on, junit), read_checks(**spend_flags), file)
    try:
        with unblocked_stderr():
            status = run_command(chosen, command, checks)
    except CannotServeError as error:
        fail(str(error), error.status)
    raise SystemExit(status)


@main.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def check(files: tuple[str, ...]) -> None:
    """Print every problem in scenario files, with line and column."""
    from clevora_mock.scenarios.scenario_file import check as check_files
    from clevora_mock.scenarios.scenario_file import warn

    problems, warnings = check_files(files), warn(files)
    if problems:
        try:
            click.echo("\n".join([*problems, *warnings]))
        except OSError:
            discard(sys.stdout)
        raise SystemExit(exit_status.FILE_INVALID)
    for warning in warnings:
        click.echo(warning)
    found = f"{len(warnings)} warning{'s' if len(warnings) > 1 else ''}" if warnings else "nothing wrong"
    click.echo(f"{len(files)} file{'s' if len(files) > 1 else ''}: {found}")


@main.command(cls=SettingsCommand, names=("scenarios",))
def scenarios(**flags: str | None) -> None:
    """List the scenarios, one line each."""
    from clevora_mock import resources
    from clevora_mock.scenarios.problems import ScenarioError
    from clevora_mock.scenarios.store import ScenarioStore

    directory = load_settings(flags).scenarios
    try:
        described = ScenarioStore(resources.scenarios(), Path(directory) if directory else None).describe()
    except ScenarioError as error:
        fail(str(error), exit_status.FILE_INVALID)
    width = max(len(name) for name, _ in described)
    for name, text in described:
        click.echo(f"{name:<{width}}  {text}")


@main.command(cls=SettingsCommand, names=("firebase_project", "clock", "strict_tokens", "webhook_secret", "seed"))
@click.option("--uid", default=settings.DEMO_UID, show_default=True, help="The user's id.")
@click.option("--email", default=None, help="The user's address; the demo account has one by default.")
@click.option("--expires-in", default="3600", show_default=True, metavar="TIME", help="Lifetime: seconds, or 1h.")
def token(uid: str, email: str | None, expires_in: str, **flags: str | None) -> None:
    """Print a Firebase ID token, for /v1/keys and /api/developer.

    A server with --strict-tokens takes it if it has the same settings.
    """
    from clevora_mock.core.id_tokens import Identity, issue
    from clevora_mock.core.messages import quoted

    chosen = load_settings(flags)
    if not is_uid(uid):
        fail(f"--uid: expected {UID_FORMAT}, got {quoted(uid)}", exit_status.USAGE)
    lifetime = _lifetime(expires_in)
    if email is None and uid == settings.DEMO_UID:
        email = settings.DEMO_EMAIL
    user, now = Identity(uid, email), chosen.make_clock().now()
    try:
        issued = issue(user, chosen.firebase_project, now, lifetime, key=chosen.token_key)
    except UnicodeEncodeError:
        fail(f"--email: expected UTF-8, got {quoted(email or '')}", exit_status.USAGE)
    click.echo(issued)


def _lifetime(text: str) -> int:
    """Return the seconds of a number of them, or of a duration; exit with status 2 for another text."""
    try:
        seconds = int(text) if text.isascii() and text.isdigit() else read_duration(text) // SECOND
    except ValueError:
        seconds = 0
    if seconds < 1:
        fail(f"--expires-in: expected seconds from 1, or a duration such as 1h, got {text!r}", exit_status.USAGE)
    return seconds


@main.command()
@click.option("--size", default=1680, show_default=True, type=click.IntRange(1, 1_000_000), help="Number of items.")
@click.option("--seed", default=0, show_default=True, type=int, help="The same seed makes the same catalog.")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, writable=True), metavar="FILE")
def catalog(size: int, seed: int, output: str) -> None:
    """Make a demo catalog for --catalog (needs Faker)."""
    from clevora_mock.catalog.builder import build
    from clevora_mock.catalog.items import dump_catalog

    try:
        items = build(size, seed)
    except RuntimeError as error:
        fail(str(error), exit_status.USAGE)
    try:
        Path(output).write_bytes(dump_catalog(items))
    except OSError as error:
        fail(f"--output: cannot write {output!r}: {error.strerror}", exit_status.USAGE)
    click.echo(f"{size} items in {output}")


@main.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 document of the emulated API."""
    import json

    from clevora_mock.api.openapi import build_openapi_document
    from clevora_mock.api.routes import load_operations

    document = build_openapi_document(load_operations(), f"http://127.0.0.1:{settings.Settings().port}")
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


@main.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from clevora_mock.scenarios.json_schema import text

    click.echo(text(), nl=False)


@main.command()
@click.option("--url", default=None, metavar="URL", help="The API to ask: https://HOST/v1.")
@click.option("--llms", default=None, metavar="URL", help="Compare the API's /llms.json instead; free, without a key.")
@click.option("--api-key", default=None, envvar="CLEVORA_API_KEY", metavar="KEY", help="[CLEVORA_API_KEY]")
@click.option(
    "--id-token",
    default=None,
    envvar="CLEVORA_ID_TOKEN",
    metavar="TOKEN",
    help="A Firebase ID token of the key's user, for keys, money and usage.  [CLEVORA_ID_TOKEN]",
)
@click.option(
    "--other-id-token",
    default=None,
    envvar="CLEVORA_OTHER_ID_TOKEN",
    metavar="TOKEN",
    help="One of a user without developer access.  [CLEVORA_OTHER_ID_TOKEN]",
)
@click.option(
    "--webhook-secret",
    default=None,
    envvar="CLEVORA_WEBHOOK_SECRET",
    metavar="WHSEC",
    help="The secret of payment events.  [CLEVORA_WEBHOOK_SECRET]",
)
@click.option("--clauses", default="", metavar="IDS", help="Clauses to ask for, such as C,S4; limits only by name (L).")
@click.option("--max-spend", default="1.00", show_default=True, metavar="DOLLARS", help="What may be spent at most.")
@click.option(
    "--destructive", is_flag=True, help="Also what cannot be undone: a user's activation, a payment's credit."
)
@click.option("--yes", is_flag=True, help="Do not ask before beginning.")
@click.option("--timeout", default="30s", show_default=True, metavar="TIME", help="What an answer may take in all.")
@click.option("--evidence", default=None, type=click.Path(dir_okay=False), metavar="FILE", help="Write the evidence.")
@click.option("--junit", default=None, type=click.Path(dir_okay=False), metavar="FILE", help="Write JUnit's XML.")
@click.option(
    "--write-contract",
    default=None,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write what serve --contract needs to answer as this API does.",
)
def verify(
    api_key: str | None,
    id_token: str | None,
    other_id_token: str | None,
    webhook_secret: str | None,
    **flags: Any,
) -> None:
    """Ask another server whether the contract's clauses hold there.

    \b
      clevora-mock verify --url https://HOST/v1 --max-spend 1.00
      clevora-mock verify --url https://HOST/v1 --clauses C,S4
      clevora-mock verify --llms https://HOST

    What it asks and what that may cost is printed first. It keeps to 60 requests a minute, follows no redirect, and
    passes --max-spend at most by the first request of an endpoint that costs more than the contract says. Each clause
    ends as confirmed, refuted or could not check. The exit status is 0 with none refuted, 2 with some, 1 if it could
    not do its work.
    """
    from clevora_mock.cli.verify_command import Options
    from clevora_mock.cli.verify_command import verify as ask
    from clevora_mock.verify.session import Credentials

    credentials = Credentials(
        api_key=api_key or None,
        id_token=id_token or None,
        other_id_token=other_id_token or None,
        webhook_secret=webhook_secret or None,
    )
    raise SystemExit(ask(Options(**flags), credentials))


main.add_command(recordings)


@main.command(name="help")
@click.argument("command", required=False)
@click.pass_context
def show_help(context: click.Context, command: str | None) -> None:
    """Print the help of COMMAND, or of the program."""
    program = context.find_root()
    if command is None:
        click.echo(program.get_help())
        return
    found = main.get_command(program, command)
    if found is None:
        raise click.UsageError(f"No such command {command!r}.", program)
    with click.Context(found, program, command) as help_context:
        click.echo(found.get_help(help_context))


@main.command(name="completion")
@click.argument("shell", type=click.Choice(SHELLS))
def complete(shell: str) -> None:
    """Print the script that makes SHELL complete commands, flags and scenarios.

    \b
      eval "$(clevora-mock completion bash)"                      in ~/.bashrc
      eval "$(clevora-mock completion zsh)"                       in ~/.zshrc
      clevora-mock completion fish | source                       in config.fish
    """
    from clevora_mock.cli.shell_completion import script

    click.echo(script(shell, main, "clevora-mock"))


@main.command(cls=SettingsCommand, names=("host", "port"))
def healthcheck(**flags: str | None) -> None:
    """Exit 0 when the server at the configured address is ready."""
    import http.client
    import json

    chosen = load_settings(flags)
    host = settings.reachable_host(chosen.host)
    connection = http.client.HTTPConnection(host, chosen.port, timeout=2)
    try:
        connection.request("GET", "/__mock/health")
        response = connection.getresponse()
        ready = response.status == http.client.OK and json.loads(response.read()).get("status") == "ok"
    except (OSError, ValueError, http.client.HTTPException):
        ready = False
    if not ready:
        fail(f"no ready server at {host}:{chosen.port}", exit_status.FAILURE)
