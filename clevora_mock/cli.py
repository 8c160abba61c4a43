"""The command line: argv and the environment become Settings, and Settings a command."""

import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from clevora_mock import settings as setup
from clevora_mock.settings import OPTIONS, Option, Settings, SettingsError
from clevora_mock.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# ruff: noqa: PLC0415 - each command imports what it needs; `token` should not wait for a web server

FILE_INVALID = 4

SHELLS = ("bash", "zsh", "fish")


class DefaultsToServe(click.Group):
    """A group whose commands may be left out: bare flags are `serve`'s."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        bare = args[0].startswith("-") and args[0] not in ("-h", "--help", "--version") if args else True
        # Where a shell asks what may come here, the commands may.
        if bare and (args or not ctx.resilient_parsing):
            args = ["serve", *args]
        return super().parse_args(ctx, args)

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
        """Run, and say what is wrong with the command line in one line and where to read on in another."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            status = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx is not None else "clevora-mock"
            _fail(f"{error.format_message()}\nTry '{command} --help'.", 2)
        except click.ClickException as error:
            _fail(error.format_message(), error.exit_code)
        except click.Abort:
            raise SystemExit(130) from None
        raise SystemExit(status if isinstance(status, int) else 0)


class Configured(click.Command):
    """A command that has the flags of the settings `names`, or of all, made when somebody asks for them.

    `shown` are defaults that are the command's own.
    """

    def __init__(
        self, *args: Any, names: Sequence[str] = (), shown: dict[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(*args, **extra)
        self._names = names
        self._shown = shown or {}

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        *own, help_option = super().get_params(ctx)
        return [*own, *self._flags, help_option]

    @cached_property
    def _flags(self) -> list[click.Option]:
        chosen = [option for option in OPTIONS if not self._names or option.name in self._names]
        return [_flag(option, self._shown.get(option.name, setup.default_text(option))) for option in chosen]


class Sectioned(Configured):
    """A command whose many flags are shown in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections = {option.name: option.section for option in OPTIONS}
        rows: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if not isinstance(parameter, click.Option):
                continue
            record = parameter.get_help_record(ctx)
            if record is not None:
                rows.setdefault(sections.get(parameter.name or "", "Help"), []).append(record)
        for section, records in rows.items():
            with formatter.section(section):
                formatter.write_dl(records)


def _flag(option: Option, default: str) -> click.Option:
    said = f"{option.help}  [{option.variable}{f', default {default}' if default else ''}]"
    names = [option.flag, option.name]
    if option.is_switch:
        return click.Option(names, flag_value="1", default=None, help=said)

    def complete(context: click.Context, parameter: click.Parameter, begun: str) -> "list[CompletionItem]":
        from clevora_mock.completion import values

        return values(option.name, context, parameter, begun)

    return click.Option(names, metavar=option.metavar, help=said, shell_complete=complete)


@click.group(cls=DefaultsToServe, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="clevora-mock")
def main() -> None:
    """A local server that stands in for the Clevora AI API.

    Start it, point a client's base URL at it, and every documented call works:

    \b
      clevora-mock                     serve on http://127.0.0.1:2538
      clevora-mock --scenario flaky    where chats fail twice, then answer
      clevora-mock exec -- pytest      only while a command runs, on a free port
      clevora-mock token               a Firebase ID token for the dashboard's calls
    """


@main.command(cls=Sectioned)
def serve(**flags: str | None) -> None:
    """Serve the mock until it is told to stop (Ctrl-C).

    \b
      clevora-mock                              on http://127.0.0.1:2538
      clevora-mock --scenario flaky             chats fail twice, then answer
      clevora-mock --clock frozen --seed 7      the same bytes in every run
      clevora-mock --balance 0.05               runs dry in the middle

    A flag beats its environment variable, which beats the default.
    """
    chosen = _settings(flags)
    from clevora_mock.banner import announce
    from clevora_mock.serving import CannotServeError, Service

    log = None
    if not chosen.quiet and chosen.log_format is not None:
        from clevora_mock.log import writer

        log = writer(chosen.log_format)
    try:
        service = Service(chosen, log)
        service.run(lambda: announce(chosen, service.url))
    except CannotServeError as error:
        _fail(str(error), error.status)


@main.command(
    name="exec",
    cls=Sectioned,
    shown={"port": "a free one", "log_format": "no lines"},
    context_settings={"allow_interspersed_args": False},
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD...")
def execute(command: tuple[str, ...], **flags: str | None) -> None:
    """Serve for as long as CMD runs, and exit with its status.

    \b
      clevora-mock exec -- pytest
      clevora-mock exec --scenario flaky -- npm test
      clevora-mock exec -- sh -c 'curl -s $CLEVORA_MOCK_URL/__mock/health'

    CMD finds the server by CLEVORA_BASE_URL, CLEVORA_API_KEY and CLEVORA_MOCK_URL, OpenAI's SDKs by OPENAI_BASE_URL and
    OPENAI_API_KEY. The port is a free one unless one is set. What the run came to is said at its end; with --log-format
    each request is, too.
    """
    chosen = _settings(flags, port=0, log_format=None)
    from clevora_mock.exec import execute as run_beside
    from clevora_mock.serving import CannotServeError

    try:
        status = run_beside(chosen, command)
    except CannotServeError as error:
        _fail(str(error), error.status)
    raise SystemExit(status)


@main.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def check(files: tuple[str, ...]) -> None:
    """Say all that is wrong with scenario files, with line and column."""
    from clevora_mock.scenarios.reading import check as mistakes_in

    found = mistakes_in(files)
    for mistake in found:
        click.echo(mistake)
    if found:
        raise SystemExit(FILE_INVALID)
    click.echo(f"{len(files)} file{'s' if len(files) > 1 else ''}: nothing wrong")


@main.command(cls=Configured, names=("scenarios",))
def scenarios(**flags: str | None) -> None:
    """List the scenarios that there are, one line each."""
    from clevora_mock import data
    from clevora_mock.scenarios.mistakes import ScenarioError
    from clevora_mock.scenarios.shelf import Shelf

    chosen = _settings(flags)
    try:
        shelf = Shelf(data.scenarios(), Path(chosen.scenarios) if chosen.scenarios else None)
    except ScenarioError as error:
        _fail(str(error), FILE_INVALID)
    described = shelf.describe()
    width = max(len(name) for name, _ in described)
    for name, said in described:
        click.echo(f"{name:<{width}}  {said}")


@main.command(cls=Configured, names=("firebase_project", "clock"))
@click.option("--uid", default=setup.DEMO_UID, show_default=True, help="Who is signed in.")
@click.option("--email", default=None, help="Their address; the demo account has one by default.")
@click.option(
    "--expires-in",
    default=3600,
    show_default=True,
    type=click.IntRange(1),
    metavar="SECONDS",
    help="Lifetime.",
)
def token(uid: str, email: str | None, expires_in: int, **flags: str | None) -> None:
    """Print a Firebase ID token, for /v1/keys and /api/developer."""
    from clevora_mock.core.identity import Identity, issue

    chosen = _settings(flags)
    if not 1 <= len(uid) <= 128:
        _fail("--uid: expected 1 to 128 characters", 2)
    if email is None and uid == setup.DEMO_UID:
        email = setup.DEMO_EMAIL
    click.echo(issue(Identity(uid, email), chosen.firebase_project, chosen.clock.make().now(), expires_in))


@main.command()
@click.option("--size", default=1680, show_default=True, type=click.IntRange(1, 1_000_000), help="How many items.")
@click.option("--seed", default=0, show_default=True, type=int, help="The same seed makes the same catalog.")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, writable=True), metavar="FILE")
def catalog(size: int, seed: int, output: str) -> None:
    """Make a demo catalog for --catalog (needs clevora-mock[catalog])."""
    from clevora_mock.models.catalog import dump
    from clevora_mock.models.catalog_builder import build

    try:
        made = build(size, seed)
    except RuntimeError as error:
        _fail(str(error), 2)
    try:
        Path(output).write_bytes(dump(made))
    except OSError as error:
        _fail(f"--output: cannot write {output!r}: {error.strerror}", 2)
    click.echo(f"{size} items in {output}")


@main.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 document of the emulated API."""
    import json

    from clevora_mock.api.openapi import describe

    click.echo(json.dumps(describe(f"http://127.0.0.1:{Settings().port}"), indent=2, ensure_ascii=False))


@main.command(name="completion")
@click.argument("shell", type=click.Choice(SHELLS))
def complete(shell: str) -> None:
    """Print what makes SHELL complete this program's commands, flags and scenarios.

    \b
      eval "$(clevora-mock completion bash)"                      in ~/.bashrc
      eval "$(clevora-mock completion zsh)"                       in ~/.zshrc
      clevora-mock completion fish | source                       in config.fish
    """
    from clevora_mock.completion import script

    click.echo(script(shell, main, "clevora-mock"))


@main.command(cls=Configured, names=("host", "port"))
def healthcheck(**flags: str | None) -> None:
    """Exit 0 when the server at the configured address is ready."""
    import http.client
    import json

    chosen = _settings(flags)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(chosen.host, chosen.host)  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host, chosen.port, timeout=2)
    try:
        # By a loopback name whatever the address, since the control plane answers to few names.
        connection.request("GET", "/__mock/health", headers={"host": f"localhost:{chosen.port}"})
        answer = connection.getresponse()
        ready = answer.status == http.client.OK and json.loads(answer.read()).get("status") == "ok"
    except (OSError, ValueError, http.client.HTTPException):
        ready = False
    if not ready:
        _fail(f"no ready server at {host}:{chosen.port}", 1)


def _settings(flags: dict[str, str | None], **defaults: Any) -> Settings:
    for name in setup.unknown_variables():
        click.echo(f"clevora-mock: warning: {name} sets nothing{_suggestion(name)}", err=True)
    try:
        return setup.load(flags, **defaults)
    except SettingsError as error:
        _fail(str(error), 2)


def _suggestion(name: str) -> str:
    from difflib import get_close_matches

    # By what follows the prefix, which would make any two variables look alike.
    settings = {option.variable.removeprefix(setup.PREFIX): option.variable for option in OPTIONS}
    close = get_close_matches(name.removeprefix(setup.PREFIX), settings, 1)
    return f"; did you mean {settings[close[0]]}?" if close else ""


def _fail(message: str, status: int) -> NoReturn:
    click.echo(f"clevora-mock: {message}", err=True)
    # Whatever is still buffered, a reader has gone; nothing here may turn into a traceback.
    sys.stdout.flush()
    raise SystemExit(status)
