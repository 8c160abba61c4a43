// One request beside the list: what came, what was answered and why, and what it cost.
import { html } from "../html.js";
import { bytes, count, dateTime, dollars, duration, plural, visible } from "../format.js";
import { Badge, SOURCES, Status } from "./badge.js";
import { Json } from "./code.js";
import { FindingLine } from "./finding.js";
import { nameOf } from "./requests.js";

const MAX_BODY = 16 * 1024;

/** `actions` is what can be done with it, `findings` what is said about it, `onClose` closes it. */
export function EntryPanel({ entry, findings = [], actions, onClose }) {
  return html`
    <article class="panel" aria-label=${`Request ${entry.id}`}>
      <header class="panel-head">
        <div class="panel-title">
          <${Status} status=${entry.status} />
          <h2><bdi>${visible(nameOf(entry))}</bdi></h2>
          ${onClose && html`<button type="button" class="button small icon" aria-label="Close the request" onClick=${onClose}>✕</button>`}
        </div>
        <p class="dim"><code>${visible(`${entry.method} ${entry.path}${entry.query ? `?${entry.query}` : ""}`)}</code></p>
        ${actions}
      </header>
      <div class="panel-body" tabindex="0" role="region" aria-label="Details of the request">
        ${findings.length > 0 && html`
          <section><h3>Findings</h3>${findings.map((finding) => html`<${FindingLine} finding=${finding} />`)}</section>
        `}
        <section>
          <h3>Answer</h3>
          ${entry.status === null && html`<p>No byte was sent: the connection was closed, reset or given up.</p>`}
          ${entry.message && html`
            <p class=${`callout ${entry.status >= 500 ? "bad" : "warn"}`}>
              ${entry.code && html`<code>${visible(entry.code)}</code>`} <bdi>${visible(entry.message)}</bdi>
            </p>
          `}
          ${entry.hint && html`<p class="callout info"><strong>Hint</strong> <bdi>${visible(entry.hint)}</bdi></p>`}
          ${entry.fault && html`<p class="callout bad"><strong>Fault</strong> <code>${visible(entry.fault)}</code></p>`}
          ${entry.abandoned && html`<p class="callout warn">The client left before the end.</p>`}
          ${entry.response && html`<pre class="code text" tabindex="0" role="region" aria-label="Text of the answer">${visible(entry.response)}</pre>`}
          ${!entry.message && !entry.response && entry.status !== null && html`<p class="dim">The journal keeps no text of this answer.</p>`}
        </section>
        <section><h3>Why</h3><${Why} entry=${entry} /></section>
        <section>
          <h3>Request</h3>
          ${entry.ignored.length > 0 && html`
            <p class="callout warn">Not in the contract, and ignored: ${entry.ignored.map((name) => html`<code>${visible(name)}</code> `)}</p>
          `}
          ${entry.bodyBytes > MAX_BODY && html`
            <p class="callout info">The journal keeps the first ${bytes(MAX_BODY)} of ${bytes(entry.bodyBytes)}.</p>
          `}
          ${entry.body === null ? html`<p class="dim">No body.</p>` : html`<${Json} value=${entry.body} label="Body of the request" />`}
        </section>
        <section><h3>Money</h3><${Money} entry=${entry} /></section>
        <section><h3>Facts</h3><${Facts} entry=${entry} /></section>
      </div>
    </article>
  `;
}

function Why({ entry }) {
  const draw = entry.draw === null ? "" : `, with a draw of ${entry.draw.toFixed(4)}`;
  const answeredBy = SOURCES[entry.source]?.[1];
  return html`
    ${answeredBy && html`<p>${answeredBy}</p>`}
    ${entry.rule
      ? html`<p><${Badge} tone="violet">rule<//> <strong><bdi>${visible(entry.rule)}</bdi></strong> decided${draw}.</p>`
      : !answeredBy && html`<p>No rule applied: ${entry.status >= 400 ? "the contract alone refused it" : "the contract alone decided"}.</p>`}
    ${entry.nearMisses.length > 0 && html`
      <div class="scroll-x" tabindex="0" role="region" aria-label="Rules that did not apply">
        <table class="plain">
          <caption class="dim">Rules for this endpoint that did not apply</caption>
          <thead><tr><th>Rule</th><th>Field</th><th>Wanted</th><th>Came</th></tr></thead>
          <tbody>
            ${entry.nearMisses.map((miss) => html`
              <tr>
                <td><bdi>${visible(miss.rule)}</bdi></td>
                <td><code>${visible(miss.field)}</code></td>
                <td><bdi>${visible(miss.expected)}</bdi></td>
                <td><bdi>${visible(miss.got)}</bdi></td>
              </tr>
            `)}
          </tbody>
        </table>
      </div>
    `}
  `;
}

function Money({ entry }) {
  const { cost, balanceAfter } = entry;
  if (balanceAfter === null) return html`<p class="dim">No account, and so no money.</p>`;
  if (!cost) return html`<p>It cost nothing; the balance was ${dollars(balanceAfter)}.</p>`;
  return html`
    <p>
      It cost <strong>${dollars(cost)}</strong>: ${plural(entry.promptTokens + entry.completionTokens, "token")}
      ${" "}(${count(entry.promptTokens)} sent, ${count(entry.completionTokens)} received).
      The balance went from ${dollars(round(balanceAfter + cost))} to ${dollars(balanceAfter)}.
    </p>
  `;
}

const round = (amount) => Math.round(amount * 1e6) / 1e6;

const Facts = ({ entry }) => html`
  <dl class="facts">
    <dt>Time</dt><dd>${dateTime(entry.time)} <span class="dim">UTC, sandbox clock</span></dd>
    <dt>Latency</dt><dd>${duration(entry.latencyMs)}</dd>
    <dt>Id</dt><dd><code>${visible(entry.id)}</code></dd>
    <dt>Account</dt><dd><bdi>${visible(entry.account ?? "none")}</bdi></dd>
    <dt>Key</dt><dd><code>${visible(entry.key ?? "none")}</code></dd>
    <dt>Client</dt><dd><bdi>${visible(entry.client || "unnamed")}</bdi></dd>
  </dl>
`;
