// Fidelity: every clause of the contract, whether it is documented or inferred, and what evidence there is.
import { html, signal } from "../html.js";
import { plural, visible } from "../format.js";
import { Badge, Empty } from "../parts/badge.js";
import { Choice } from "../parts/choice.js";
import { Json } from "../parts/code.js";
import { ask } from "../server.js";
import { useReading } from "./use_reading.js";

const fidelity = signal(null);
const search = signal("");
const basis = signal("");
const verdict = signal("");

const TONES = { confirmed: "good", refuted: "bad", "could not check": "warn" };

export function FidelityView() {
  useReading([], async () => (fidelity.value = await ask("GET", "/__mock/fidelity")));
  if (!fidelity.value) return html`<${Empty} title="Reading…" />`;
  const { clauses, evidence, overrides, status } = fidelity.value;
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = clauses.filter((clause) => {
    const text = JSON.stringify(clause).toLowerCase();
    return (
      (!basis.value || clause.basis.includes(basis.value)) &&
      (!verdict.value || clause.verified?.verdict === verdict.value) &&
      words.every((word) => text.includes(word))
    );
  });
  return html`
    <div class="view narrow">
      <div class="view-head">
        <h1>Fidelity</h1>
        <input type="search" aria-label="Search the clauses" placeholder="Search: 429, webhook, B4…" value=${search.value} onInput=${(event) => (search.value = event.target.value)} />
        <${Choice} label="Basis" value=${basis.value} onChange=${(event) => (basis.value = event.target.value)} options=${["documented", "inferred"]} />
        ${evidence && html`<${Choice} label="Verdict" value=${verdict.value} onChange=${(event) => (verdict.value = event.target.value)} options=${Object.keys(TONES)} />`}
        <span class="dim" role="status">${found.length} of ${plural(clauses.length, "clause")}</span>
      </div>
      <p class="dim">Documented: Clevora's documentation says so. Inferred: it does not, and the mock does what fits best.</p>
      ${evidence && html`
        <p class="callout info">
          The contract was ${visible(status)}, by clevora-mock ${visible(evidence.version)}:
          ${" "}${evidence.confirmed} confirmed, ${evidence.refuted} refuted, ${evidence.couldNotCheck} could not be checked.
        </p>
      `}
      ${Object.keys(overrides).length > 0 && html`<section><h2>Set otherwise by the contract file</h2><${Json} value=${overrides} label="Contract file" /></section>`}
      <div class="clauses">
        ${found.map((clause) => html`
          <article class="card clause" id=${clause.id} key=${clause.id}>
            <h2>${clause.id}</h2>
            <div>
              ${clause.documented && html`<p><${Badge} tone="good">documented<//> ${visible(clause.documented)}</p>`}
              ${clause.inferred && html`<p><${Badge} tone="warn">inferred<//> ${visible(clause.inferred)}</p>`}
              <${Verified} verified=${clause.verified} />
            </div>
          </article>
        `)}
      </div>
      ${found.length === 0 && html`<${Empty} title="No clause has these words" />`}
    </div>
  `;
}

/** What came of a clause when the live API was asked, with each place where it answered otherwise. */
function Verified({ verified }) {
  if (!verified) return html`<p class="dim">Never checked against the live API.</p>`;
  const differences = (verified.checks ?? []).flatMap((check) => (check.differences ?? []).map((one) => [check.title, one]));
  return html`
    <p>Live API: <${Badge} tone=${TONES[verified.verdict]}>${verified.verdict}<//> <span class="dim">${visible(verified.why ?? "")}</span></p>
    ${differences.length > 0 && html`
      <div class="scroll-x" tabindex="0" role="region" aria-label="Where the live API differs">
        <table class="plain">
          <thead><tr><th>Check</th><th>Place</th><th>Expected</th><th>Came</th><th>The mock answers so by</th></tr></thead>
          <tbody>
            ${differences.map(([title, { place, expected, got, settle }]) => html`
              <tr>
                <td>${visible(title)}</td>
                <td><code>${visible(place)}</code></td>
                <td><bdi>${visible(expected)}</bdi></td>
                <td><bdi>${visible(got)}</bdi></td>
                <td>${visible(settle ?? "")}</td>
              </tr>
            `)}
          </tbody>
        </table>
      </div>
    `}
  `;
}
