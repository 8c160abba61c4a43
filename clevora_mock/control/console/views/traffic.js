// Traffic: the requests as they come, filters, and one of them beside the list.
import { computed, html, signal, useEffect } from "../html.js";
import { count, plural, visible } from "../format.js";
import { asCurl, asPytest, asPython, asRule, isWhole } from "../copy_as.js";
import { Empty } from "../parts/badge.js";
import { Code, CopyButton } from "../parts/code.js";
import { EntryPanel } from "../parts/entry.js";
import { isFiltered, NO_FILTER, RequestFilters } from "../parts/filters.js";
import { passes, RequestTable } from "../parts/requests.js";
import { ask, BASE, ownRequests, send, signIn } from "../server.js";
import { attempt, connection, entries, evicted, findingsByRequest, go, home, notify, place } from "../state.js";

const filter = signal(NO_FILTER);
/** The entries at which the list was stopped, null while it runs. */
const paused = signal(null);

const shown = computed(() => {
  const test = passes(filter.value);
  return (paused.value ?? entries.value).filter(test).reverse();
});

export function TrafficView() {
  const openId = place.value.rest[0];
  const open = entries.value.findLast((entry) => entry.id === openId);
  const close = () => go("traffic");
  useEffect(() => {
    const press = (event) => event.key === "Escape" && openId && close();
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [openId]);
  return html`
    <div class=${`split ${openId ? "with-panel" : ""}`}>
      <section class="list" aria-label="List of requests">
        <h1 class="hidden">Traffic</h1>
        <${Filters} />
        <${RequestTable}
          rows=${shown.value} open=${openId} onOpen=${(entry) => go("traffic", entry.id)}
          findings=${findingsByRequest.value} own=${ownRequests.value}
        ><${Nothing} /><//>
      </section>
      ${openId && (open
        ? html`<${EntryPanel} entry=${open} findings=${findingsByRequest.value.get(openId)} onClose=${close} actions=${html`<${Actions} entry=${open} />`} />`
        : ownRequests.value.has(openId)
        ? html`<article class="panel"><${Empty} title="Waiting for it…" /></article>`
        : html`<article class="panel"><${Empty} title="Not in the journal">
            <p>The request <code>${visible(openId)}</code> is not there: it was reset, or dropped for newer ones.</p>
            <button type="button" class="button" onClick=${close}>Close</button>
          <//></article>`)}
    </div>
  `;
}

function Filters() {
  const all = entries.value;
  const held = paused.value === null ? 0 : all.length - paused.value.length;
  return html`
    <${RequestFilters} entries=${all} filter=${filter.value} onFilter=${(next) => (filter.value = next)}>
      <span class="dim count" role="status">
        ${isFiltered(filter.value) ? `${count(shown.value.length)} of ` : ""}${plural(all.length, "request")}
        ${evicted.value > 0 && ` · ${count(evicted.value)} older dropped`}
      </span>
      <button
        type="button" class=${`button small ${paused.value ? "on" : ""}`} aria-pressed=${String(paused.value !== null)}
        onClick=${() => (paused.value = paused.value === null ? all : null)}
      >${paused.value === null ? "Pause" : `Resume${held > 0 ? ` (${count(held)} new)` : ""}`}</button>
      <button type="button" class="button small" onClick=${clear} disabled=${all.length === 0}>Clear journal</button>
    <//>
  `;
}

function clear() {
  paused.value = null;
  attempt(() => ask("DELETE", "/__mock/requests"));
}

/** What stands where no request is: how to send the first. */
function Nothing() {
  if (connection.value === "connecting") return html`<${Empty} title="Connecting…" />`;
  if (entries.value.length)
    return html`<${Empty} title="No request passes the filters">
      <button type="button" class="button" onClick=${() => (filter.value = NO_FILTER)}>Clear the filters</button>
    <//>`;
  const key = home.value?.apiKey ?? "";
  const first = `curl ${BASE}/chat/completions \\\n  -H "Authorization: Bearer ${key}" \\\n  -d '{"messages": [{"role": "user", "content": "Hello!"}]}'`;
  return html`
    <${Empty} title="No requests yet">
      <p>A local mock of the Clevora AI API: no real model, no money, no network. Point a client here, and each request appears as it comes.</p>
      <h4>Configure a client</h4>
      <${Code} label="variables" text=${`export CLEVORA_BASE_URL=${BASE}\nexport CLEVORA_API_KEY=${key}`} />
      <h4>Or send a request</h4>
      <${Code} label="command" text=${first} />
      <button type="button" class="button primary" onClick=${sendFirst}>Send one from here</button>
    <//>
  `;
}

const sendFirst = () =>
  attempt(() =>
    ask("POST", "/v1/chat/completions", { messages: [{ role: "user", content: "Hello!" }] }, authorization(home.value.apiKey)),
  );

const authorization = (credential) => ({ authorization: `Bearer ${credential}` });

function Actions({ entry }) {
  const key = home.value?.apiKey ?? "";
  const target = { base: BASE.replace(/\/v1$/, ""), key, preview: `${key.slice(0, 20)}...${key.slice(-2)}` };
  const whole = isWhole(entry);
  const title = whole ? undefined : "The journal has only the start of the body.";
  return html`
    <div class="actions">
      <span class="dim">Copy as</span>
      <${CopyButton} label="Copy as curl" disabled=${!whole} title=${title} text=${() => asCurl(entry, target)}>curl<//>
      <${CopyButton} label="Copy as Python" disabled=${!whole} title=${title} text=${() => asPython(entry, target)}>Python<//>
      <${CopyButton} label="Copy as pytest" disabled=${!whole} title=${title} text=${() => asPytest(entry)}>pytest<//>
      <${CopyButton} label="Copy as scenario rule" text=${() => asRule(entry)}>rule<//>
      <span class="grow"></span>
      <button type="button" class="button small" title="Which rule would take it now" onClick=${() => go("levers", "scenario", entry.id)}>Match</button>
      <button type="button" class="button small primary" disabled=${!whole || isSigned(entry)} title=${isSigned(entry) ? "Its signature is good once." : title} onClick=${() => sendAgain(entry)}>Send again</button>
    </div>
  `;
}

const isSigned = (entry) => entry.endpoint === "dodo.webhook";

/** Send a request again: as the same user where a user was signed in, else with the demo key. */
async function sendAgain(entry) {
  await attempt(async () => {
    const isUser = entry.key === null && entry.account !== null;
    const credential = isUser ? await signIn(entry.account) : home.value.apiKey;
    const body = entry.body === null ? undefined : typeof entry.body === "string" ? entry.body : JSON.stringify(entry.body);
    const path = entry.path + (entry.query ? `?${entry.query}` : "");
    const answer = await send(entry.method, path, body, { "content-type": "application/json", ...authorization(credential) });
    await answer.text();
    notify(`Sent again: ${answer.status}.`, answer.ok ? "good" : "info");
    go("traffic", answer.headers.get("x-request-id"));
  });
}
