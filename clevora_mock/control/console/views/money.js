// Money: what an account has and may do, what it spent, its ledger, top-ups and limits.
import { html, signal, useMemo, useState } from "../html.js";
import { count, date, dateTime, dollars, plural, timeOfDay, visible } from "../format.js";
import { Badge, Empty } from "../parts/badge.js";
import { Bars, Figure } from "../parts/bars.js";
import { TimeBars } from "../parts/chart.js";
import { LedgerTable, spendByEndpoint, spendOverTime } from "../parts/ledger.js";
import { ask, askAs } from "../server.js";
import { account, attempt, entries, moneyChanges, resets, sandboxNow, scenario, uid } from "../state.js";
import { AccountChoice } from "./account_choice.js";
import { useReading } from "./use_reading.js";

const ledger = signal(null);
const checkouts = signal([]);
const limits = signal(null);

export function MoneyView() {
  useReading([uid.value, moneyChanges.value, resets.value], async () => {
    ledger.value = await ask("GET", `/__mock/ledger?uid=${encodeURIComponent(uid.value)}`);
  });
  useReading([moneyChanges.value, resets.value], readCheckouts);
  useReading([entries.value, moneyChanges.value, resets.value, scenario.value?.name], async () => {
    limits.value = await ask("GET", "/__mock/limits");
  });
  const entriesOfLedger = ledger.value?.entries ?? [];
  const newestFirst = useMemo(() => [...entriesOfLedger].reverse(), [ledger.value]);
  if (!account.value || !ledger.value) return html`<${Empty} title="Reading…" />`;
  return html`
    <div class="view">
      <div class="view-head"><h1>Money</h1><${AccountChoice} /></div>
      <${NextRequest} />
      <${Figures} />
      <div class="columns wide-first">
        <section class="card"><h2>Spend over time</h2><${SpendOverTime} /></section>
        <section class="card"><h2>Spend by endpoint</h2><${SpendByEndpoint} /></section>
      </div>
      <div class="columns">
        <section class="card"><h2>Top up</h2><${TopUp} /></section>
        <section class="card"><h2>Limits left</h2><${Limits} /></section>
      </div>
      <section class="card"><h2>Checkouts</h2><${Checkouts} /></section>
      <section class="card flush">
        <h2>Ledger <span class="dim">${plural(newestFirst.length, "entry", "entries")}${ledger.value.folded > 0 && ` · ${count(ledger.value.folded)} older in the sums alone`}</span></h2>
        <${LedgerTable} entries=${newestFirst} />
      </section>
    </div>
  `;
}

async function readCheckouts() {
  checkouts.value = (await ask("GET", "/__mock/checkouts")).checkouts.reverse();
}

/** What the next request of this account gets, in words. */
function NextRequest() {
  const { refusal } = account.value;
  if (!refusal)
    return html`<p class="callout good next-request"><strong>Open</strong> The next request of this account is answered, unless a limit or a rule says otherwise.</p>`;
  const what = { account_not_activated: "the account is not activated", insufficient_balance: "the money is spent", developer_access_required: "developer access is missing" };
  return html`
    <p class="callout bad next-request">
      <strong>${refusal.status} from the next request</strong>
      ${what[refusal.code] ?? refusal.code} (<code>${refusal.code}</code>): ${visible(refusal.reason)}.
    </p>
  `;
}

function Figures() {
  const { balance, activated, tier } = account.value;
  const { credits, charges, adjustments, tokens } = ledger.value;
  return html`
    <div class="figures">
      <${Figure} label="Balance" value=${dollars(balance)} tone=${balance <= 0 ? "bad" : ""} note=${`Tier ${tier}`} />
      <${Figure} label="Activation" value=${activated ? "Activated" : "Not activated"} tone=${activated ? "" : "warn"} note=${activated ? "It stays so, whatever the balance" : "Activated once the balance reaches the threshold"} />
      <${Figure} label="Spent" value=${dollars(charges)} note=${`${count(tokens)} tokens`} />
      <${Figure} label="Credited" value=${dollars(credits)} note=${adjustments ? `and ${dollars(adjustments)} adjusted` : "by top-ups and the start"} />
    </div>
  `;
}

function SpendOverTime() {
  const spend = useMemo(() => {
    const { times, values, step } = spendOverTime(ledger.value.entries);
    return { times, step, series: [{ label: "Spend", token: "--mark", values }] };
  }, [ledger.value]);
  if (!spend.times.length) return html`<${Empty} title="Nothing spent yet"><p>The first request that is answered is charged here.</p><//>`;
  return html`
    <${TimeBars}
      label=${`Dollars in each ${stepName(spend.step)}`} times=${spend.times} step=${spend.step} series=${spend.series}
      format=${dollars} timeFormat=${timeFormatFor(spend.step)}
    />
  `;
}

const stepName = (step) => {
  const units = [[86_400_000, "day"], [3_600_000, "hour"], [60_000, "minute"], [1000, "second"]];
  const [size, unit] = units.find(([one]) => step >= one);
  return step === size ? unit : plural(step / size, unit);
};

const timeFormatFor = (step) => (time, isWhole) => {
  if (isWhole) return `${dateTime(time)} UTC`;
  if (step >= 86_400_000) return date(time).slice(5);
  return step >= 60_000 ? timeOfDay(time).slice(0, 5) : timeOfDay(time).slice(0, 8);
};

function SpendByEndpoint() {
  const rows = useMemo(() => spendByEndpoint(ledger.value.entries), [ledger.value]);
  return rows.length ? html`<${Bars} rows=${rows} format=${dollars} />` : html`<${Empty} title="Nothing spent yet" />`;
}

function TopUp() {
  const [amount, setAmount] = useState("50");
  const [link, setLink] = useState(null);
  const open = (event) => {
    event.preventDefault();
    attempt(async () => {
      const answer = await askAs(uid.value, "POST", "/api/developer/topup", { amount: Number(amount) });
      setLink(answer.data.checkoutUrl);
      await readCheckouts();
    });
  };
  return html`
    <form class="row" onSubmit=${open}>
      <label class="field"><span>Dollars</span><input type="number" step="0.01" value=${amount} onInput=${(event) => setAmount(event.target.value)} /></label>
      <button class="button primary">Open a checkout</button>
    </form>
    ${link && html`<p class="callout info">A checkout is open. <a href=${pathOf(link)} target="_blank" rel="noopener">Pay it as a customer does</a>, or finish it below.</p>`}
    <p class="dim">As the dashboard does it: a top-up opens a checkout, and its webhook credits the account.</p>
  `;
}

/** The path of one of the server's own URLs: behind a proxy, its host may be another. */
const pathOf = (url) => new URL(url).pathname;

function Checkouts() {
  const all = checkouts.value;
  if (!all.length) return html`<${Empty} title="No checkouts"><p>A top-up opens one: above, or <code>POST /api/developer/topup</code>.</p><//>`;
  return html`
    <div class="scroll-x" tabindex="0" role="region" aria-label="Checkouts">
      <table class="plain">
        <thead><tr><th>Created</th><th>Account</th><th class="number">Amount</th><th>State</th><th>Finish</th></tr></thead>
        <tbody>
          ${all.slice(0, 100).map((one) => html`
            <tr key=${one.id}>
              <td>${dateTime(one.createdAt)}</td>
              <td><bdi>${visible(one.uid)}</bdi></td>
              <td class="number">${dollars(one.amount)}</td>
              <td><${CheckoutState} checkout=${one} /></td>
              <td><${CheckoutActions} checkout=${one} /></td>
            </tr>
          `)}
        </tbody>
      </table>
    </div>
  `;
}

const isExpired = (checkout) => checkout.status === "open" && sandboxNow() >= Date.parse(checkout.expiresAt);

function CheckoutState({ checkout }) {
  if (isExpired(checkout)) return html`<${Badge}>expired<//>`;
  if (checkout.status === "open") return html`<${Badge} tone="info">open<//>`;
  if (checkout.status === "failed") return html`<${Badge} tone="bad">failed<//>`;
  if (checkout.credited) return html`<${Badge} tone="good">paid and credited<//>`;
  return html`<${Badge} tone="warn">paid, not credited<//>${checkout.dueAt && html` <span class="dim">event at ${dateTime(checkout.dueAt)}</span>`}`;
}

function CheckoutActions({ checkout }) {
  const page = html`<a class="button small" href=${pathOf(checkout.url)} target="_blank" rel="noopener">Page</a>`;
  if (checkout.status !== "open" || isExpired(checkout)) return page;
  const finish = (verb, order, done) =>
    attempt(async () => {
      const { webhookStatuses } = await ask("POST", `/__mock/checkouts/${checkout.id}/${verb}`, order);
      await readCheckouts();
      return webhookStatuses;
    }, done);
  return html`
    <div class="actions">
      ${page}
      <button type="button" class="button small primary" onClick=${() => finish("pay", {}, "Paid.")}>Pay</button>
      <button type="button" class="button small" onClick=${() => finish("fail", {}, "The payment failed.")}>Fail</button>
      <button type="button" class="button small" title="The same event is delivered twice" onClick=${() => finish("pay", { deliveries: 2 }, "Paid; the event was delivered twice.")}>Pay, deliver twice</button>
      <button type="button" class="button small" title="The event comes 30 seconds later, by the sandbox's clock" onClick=${() => finish("pay", { delay: "30s" }, "Paid; the event comes in 30 seconds.")}>Pay, 30 s late</button>
    </div>
  `;
}

function Limits() {
  if (!limits.value) return null;
  const { requestsPerMinute, tokensPerDay } = limits.value;
  const keys = limits.value.keys.filter((key) => key.uid === uid.value && !key.revoked);
  if (!keys.length) return html`<${Empty} title="No keys" />`;
  return html`
    ${keys.slice(0, 20).map((key) => html`
      <div class="key-limits" key=${key.id}>
        <p><strong><bdi>${visible(key.name)}</bdi></strong> <code class="dim">${visible(key.preview)}</code></p>
        <${Left} name="Requests in the minute" left=${key.requestsLeft} of=${requestsPerMinute} />
        <${Left} name="Tokens in the UTC day" left=${key.tokensLeft} of=${tokensPerDay} />
      </div>
    `)}
  `;
}

function Left({ name, left, of }) {
  if (of === null) return html`<p class="left"><span>${name}</span> <span class="dim">no limit</span></p>`;
  return html`
    <div class=${`left ${left === 0 ? "bad" : left < of / 5 ? "warn" : ""}`}>
      <span>${name}</span>
      <meter aria-label=${name} min="0" max=${of || 1} value=${left}></meter>
      <span class="number"><strong>${count(left)}</strong> of ${count(of)}</span>
    </div>
  `;
}
