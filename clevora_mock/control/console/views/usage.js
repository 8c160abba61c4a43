// Usage, as Clevora's dashboard has it: from the contract's own endpoint, as the signed-in user.
import { html, signal, useMemo } from "../html.js";
import { count, dateTime, duration, plural, short, visible } from "../format.js";
import { Badge, Empty } from "../parts/badge.js";
import { Bars, Figure } from "../parts/bars.js";
import { TimeBars } from "../parts/chart.js";
import { Choice } from "../parts/choice.js";
import { askAs } from "../server.js";
import { account, attempt, entries, resets, sandboxNow, uid } from "../state.js";
import { AccountChoice } from "./account_choice.js";
import { useReading } from "./use_reading.js";

const DAY = 86_400_000;
const RANGES = [["1", "1 day"], ["7", "7 days"], ["30", "30 days"], ["90", "90 days"]];
const range = signal("30");
/** The report, with the time at which and the number of entries after which it was read. */
const usage = signal(null);
const refused = signal(null);

async function read() {
  try {
    const { data } = await askAs(uid.value, "GET", `/api/developer/usage?range=${range.value}`);
    usage.value = { ...data, readAt: sandboxNow(), after: entries.value.length };
    refused.value = null;
  } catch (error) {
    refused.value = error.message;
    usage.value = null;
  }
}

export function UsageView() {
  // Each look is a request that the journal has, so that it is read only when somebody asks.
  useReading([uid.value, range.value, resets.value, account.value?.developerAccess], read);
  const report = usage.value;
  return html`
    <div class="view">
      <div class="view-head">
        <h1>Usage</h1>
        <${AccountChoice} />
        <${Choice} label="Range" any=${null} value=${range.value} onChange=${(event) => (range.value = event.target.value)} options=${RANGES} />
        <button type="button" class="button small" onClick=${() => attempt(read)}>Refresh</button>
        ${report && html`<span class="dim">As of ${dateTime(report.readAt)} UTC, by <code>GET /api/developer/usage</code></span>`}
      </div>
      ${refused.value && html`<p class="callout bad"><strong>The API refuses it</strong> ${visible(refused.value)}</p>`}
      ${report && html`<${Report} report=${report} />`}
      ${!report && !refused.value && html`<${Empty} title="Reading…" />`}
    </div>
  `;
}

function Report({ report }) {
  const { summary } = report;
  const days = plural(report.range, "day");
  return html`
    <div class="figures">
      <${Figure} label=${`Requests, ${days}`} value=${count(summary.rangeRequests)} note=${`${count(summary.requestsToday)} today`} />
      <${Figure} label=${`Tokens, ${days}`} value=${count(summary.rangeTokens)} note=${`${count(summary.tokensToday)} today`} />
      <${Figure} label="Tokens per request" value=${count(summary.avgTokensPerRequest)} note="in the range, rounded" />
      <${Figure} label="Success rate" value=${`${summary.successRate.toFixed(1)} %`} tone=${summary.successRate < 95 ? "warn" : ""} note=${`${count(errorsIn(report))} failed`} />
      <${Figure} label="Last used" value=${summary.lastUsed ? dateTime(summary.lastUsed).slice(11) : "never"} note=${summary.lastUsed ? `${dateTime(summary.lastUsed).slice(0, 10)} UTC` : "no request yet"} />
    </div>
    <div class="columns">
      <section class="card"><h2>Requests</h2><${Daily} report=${report} kind="requests" /></section>
      <section class="card"><h2>Tokens</h2><${Daily} report=${report} kind="tokens" /></section>
    </div>
    <div class="columns">
      <section class="card"><h2>Endpoints</h2><${Endpoints} report=${report} /></section>
      <section class="card"><h2>Recent activity</h2><${Recent} report=${report} /></section>
    </div>
  `;
}

const errorsIn = (report) => report.dailySeries.reduce((sum, day) => sum + day.errors, 0);

function Daily({ report, kind }) {
  const chart = useMemo(() => {
    const days = report.dailySeries;
    const main = { label: kind === "tokens" ? "Tokens" : "Requests", token: kind === "tokens" ? "--info" : "--mark", values: days.map((day) => day[kind]) };
    const failed = { label: "Failed", token: "--bad", values: days.map((day) => day.errors) };
    return { times: days.map((day) => Date.parse(`${day.date}T00:00:00Z`)), series: kind === "tokens" ? [main] : [main, failed] };
  }, [report, kind]);
  if (!report.summary.rangeRequests)
    return html`<${Empty} title=${`No requests in ${plural(report.range, "day")}`}><p>Only requests with an API key count here.</p><//>`;
  return html`
    <${TimeBars}
      label=${`${kind === "tokens" ? "Tokens" : "Requests"} a day (UTC)`} times=${chart.times} step=${DAY} series=${chart.series}
      format=${(value, isWhole) => (isWhole ? count(value) : Number.isInteger(value) ? short(value) : "")}
      timeFormat=${(time, isWhole) => (isWhole ? new Date(time).toISOString().slice(0, 10) : dayName(time))}
    />
  `;
}

const dayName = (time) => new Date(time).toLocaleDateString("en-US", { month: "short", day: "numeric", timeZone: "UTC" });

function Endpoints({ report }) {
  const rows = Object.entries(report.endpointBreakdown).map(([name, { requests, tokens }]) => ({
    name: visible(name),
    value: requests,
    note: `· ${count(tokens)} tokens`,
  }));
  return rows.length ? html`<${Bars} rows=${rows} format=${(value) => plural(value, "request")} />` : html`<${Empty} title="No endpoint was used" />`;
}

function Recent({ report }) {
  if (!report.recentActivity.length) return html`<${Empty} title="No activity" />`;
  return html`
    <div class="scroll-y" tabindex="0" role="region" aria-label="Recent activity">
      <table class="plain">
        <thead><tr><th>Endpoint</th><th>Status</th><th class="number">Tokens</th><th class="number">Latency</th></tr></thead>
        <tbody>
          ${report.recentActivity.map((one) => html`
            <tr>
              <td>${visible(one.endpoint)}</td>
              <td><${Badge} tone=${one.status === "success" ? "good" : "bad"}>${one.status}<//></td>
              <td class="number">${count(one.tokens)}</td>
              <td class="number">${duration(one.latencyMs)}</td>
            </tr>
          `)}
        </tbody>
      </table>
    </div>
  `;
}
