"""Endpoint of a server that records or replays.

A request is answered by the scenario where a rule of it says how, else from the recording, else by the live API, whose
answer is recorded. What is in no recording is answered by the mock, or refused with a 502 that names the nearest
exchange. Credentials are the live API's matter: a key that the mock does not know counts as the demo account's.
"""

from collections.abc import Iterable
from functools import partial

from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response
from starlette.types import Scope

from clevora_mock.contract.endpoints import Endpoint
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.messages import printable
from clevora_mock.core.reply import Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import Plan
from clevora_mock.recordings.canonical_request import canonical_request, request_key
from clevora_mock.recordings.forwarded_response import BAD_GATEWAY, ForwardedResponse
from clevora_mock.recordings.masker import Masker, masker_for
from clevora_mock.recordings.recorded_exchange import CanonicalRequest, RecordedExchange
from clevora_mock.recordings.recorder import Answer, NotRecordedError, record
from clevora_mock.recordings.recording_file import RecordingError
from clevora_mock.recordings.recordings import Recordings
from clevora_mock.recordings.replay import reply_of
from clevora_mock.recordings.sandbox_recording import Position, SandboxRecording
from clevora_mock.upstream.client import UpstreamClient
from clevora_mock.web.background import LONG, Background
from clevora_mock.web.context import RequestContext
from clevora_mock.web.exchange_recorder import ExchangeRecorder
from clevora_mock.web.operation import ApiFamily, Operation
from clevora_mock.web.pipeline import OperationEndpoint, PlanSource

# With these the live API refuses the key of the settings, or its account, and not the request.
_OF_THE_KEY = frozenset({401, 402, 403})


class RecordedEndpoint(OperationEndpoint):
    """The operations of one path, answered from `recordings`, or by `client` if that is not None."""

    def __init__(
        self,
        operations: Iterable[Operation],
        family: ApiFamily,
        resolve_plan: PlanSource,
        background: Background,
        *,
        recordings: Recordings,
        client: UpstreamClient | None,
    ) -> None:
        super().__init__(operations, family, resolve_plan, background)
        self._recordings = recordings
        self._client = client

    def _is_welcome(self, operation: Operation, exchange: ExchangeRecorder) -> bool:
        # Credentials are the live API's matter.
        is_recorded = self._recordings.is_used_by(exchange.sandbox) and not exchange.is_foreign
        return is_recorded or super()._is_welcome(operation, exchange)

    async def _respond(
        self, operation: Operation, exchange: ExchangeRecorder, facts: RequestFacts, scope: Scope, *, fits: bool
    ) -> Response:
        principal, refusal = self._principal(exchange.sandbox, facts)
        recording = await self._recording_of(exchange.sandbox)
        # A page of another site needs a credential of this server's.
        if recording is None or operation.endpoint is None or not fits or (refusal is not None and exchange.is_foreign):
            return await super()._respond(operation, exchange, facts, scope, fits=fits)
        exchange.set_principal(principal)
        await self._hold_work_memory(exchange, facts)
        masker = self._masker(facts, recording)
        request, key = await self._background.run(len(facts.body), lambda: _request_and_key(facts, masker, recording))
        plan = await self._resolve_plan(exchange.sandbox, facts, principal)
        exchange.set_plan(plan)
        context = RequestContext(
            exchange.sandbox, facts, principal, scope["path_params"], exchange, self._background, plan
        )
        if plan.then.error is not None or plan.then.reply is not None or (self._client and plan.rule is not None):
            return exchange.respond(await self._answer(operation, context, fits=fits))
        position = recording.arrive(key)
        found = recording.file.find(position)
        if found is not None:
            exchange.keep_sandbox()
            return exchange.respond(await self._replay(found, plan))
        if self._client is not None and recording.file.writes:
            exchange.keep_sandbox()
            writer = ExchangeWriter(recording, request, position, masker, self._recordings)
            response = self._forward(self._client, exchange, facts, writer)
            exchange.set_response(response)
            return response
        # In the thread, since up to a thousand exchanges are compared.
        explain = partial(recording.file.explain_miss, request, position)
        place = f"{request.method} {request.path}"
        await self._background.run(LONG, lambda: self._recordings.add_miss(place, explain))
        if self._recordings.options.on_miss == "mock":
            if refusal is not None:
                raise refusal
            exchange.sandbox.require_access(facts, principal)
            return exchange.respond(await self._answer(operation, context, fits=fits))
        exchange.keep_sandbox()
        return exchange.respond(self._miss(facts, await self._background.run(LONG, explain)))

    async def _recording_of(self, sandbox: Sandbox) -> SandboxRecording | None:
        """Return the sandbox's recording, if it uses one. Raises ApiError for a file that cannot be used."""
        try:
            await self._recordings.prepare(sandbox, self._background)
            return self._recordings.of(sandbox)
        except RecordingError as error:
            raise ApiError(BAD_GATEWAY, str(error)) from None

    async def _replay(self, found: RecordedExchange, plan: Plan) -> Reply:
        paced = self._recordings.options.paced
        reply = await self._background.run(len(found.text), lambda: reply_of(found, paced=paced))
        return reply.charged(plan.then.charge)

    def _miss(self, facts: RequestFacts, hint: str) -> Reply:
        """Return the error for what is in no recording, which OpenAI's SDKs do not retry."""
        more = "" if self._client is None else "; --record-mode new records it"
        error = ApiError(BAD_GATEWAY, "This request is not in the recording", hint=f"{hint}{more}")
        reply = self.family.render_error(error, facts)
        return replace(reply, headers=(*reply.headers, (b"x-should-retry", b"false")))

    def _masker(self, facts: RequestFacts, recording: SandboxRecording) -> Masker:
        key = None if self._client is None else self._client.key
        return masker_for(facts, key, emails=self._recordings.options.emails or recording.file.header.emails)

    def _principal(self, sandbox: Sandbox, facts: RequestFacts) -> tuple[Principal, ApiError | None]:
        """Return the caller, or the demo account and the refusal of a credential that the mock does not know.

        Raises ApiError where the sandbox has no demo account, or one without a key.
        """
        try:
            return self.family.authenticate(sandbox, facts), None
        except ApiError as error:
            account = sandbox.accounts.by_uid.get(sandbox.config.uid)
            needs_key = facts.endpoint is not None and facts.endpoint.credential == "api_key"
            if account is None or (needs_key and not account.keys):
                raise
            return Principal(key=account.keys[0] if needs_key else None, account=account), error

    def _forward(
        self, client: UpstreamClient, exchange: ExchangeRecorder, facts: RequestFacts, writer: "ExchangeWriter"
    ) -> ForwardedResponse:
        async def keep(answer: Answer | None) -> None:
            if answer is None:
                writer.give_back()
                return
            if answer.status in _OF_THE_KEY and client.has_own_key(facts):
                writer.give_back()
                writer.log_missing(f"{client.host} answered {answer.status}; check CLEVORA_MOCK_UPSTREAM_KEY")
                return
            if answer.headers.get("content-type", "").lower().startswith("text/html"):
                writer.give_back()
                writer.log_missing(f"{client.host} answered {answer.status} with a page in HTML; is it the API?")
                return
            size = sum(len(piece.data) for piece in answer.pieces)
            write = partial(writer.write, facts.endpoint, answer)
            await self._recordings.pending.write(self._background, size, write, writer.give_back)

        def respond(error: ApiError) -> Response:
            writer.log_missing(error.message)
            return exchange.respond(self.family.render_error(error, facts))

        return ForwardedResponse(client, facts, exchange.sandbox, self._background, keep, respond)


def _request_and_key(
    facts: RequestFacts, masker: Masker, recording: SandboxRecording
) -> tuple[CanonicalRequest, bytes]:
    request = canonical_request(facts, masker)
    return request, request_key(request, recording.file.ignore)


class ExchangeWriter(Struct, frozen=True):
    """The facts of an exchange before its answer, to write it once that has come.

    `recordings` gets the reason where it is not written.
    """

    recording: SandboxRecording
    request: CanonicalRequest
    position: Position
    masker: Masker
    recordings: Recordings

    def write(self, endpoint: Endpoint | None, answer: Answer) -> bool:
        """Write the exchange; or log why not, and return False."""
        file = self.recording.file
        try:
            file.append(record(endpoint, self.request, self.position.n, answer, self.masker), self.position)
        except NotRecordedError as error:
            self.log_missing(str(error))
        except RecursionError:
            self.log_missing("it is nested too deeply")
        except OSError as error:
            self.recordings.unwritten.add(file.path)
            self.recordings.log(f"{file.path}: cannot be written: {error.strerror}")
        else:
            return True
        return False

    def give_back(self) -> None:
        """Leave the exchange's place to the next identical request."""
        self.recording.give_back(self.position)

    def log_missing(self, reason: str) -> None:
        """Log why the exchange is not written."""
        reason = self.masker.text(reason)
        self.recordings.log(printable(f"{self.request.method} {self.request.path} is not recorded: {reason}"))
