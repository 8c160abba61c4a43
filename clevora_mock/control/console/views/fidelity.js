// Fidelity: every clause of the contract, whether it is documented or inferred, and what evidence there is.
import { html, signal } from "../html.js";
import { plural, visible } from "../format.js";
import { Badge, Empty } from "../parts/badge.js";
import { ask } from "../server.js";
import { Choice } from "./traffic.js";
import { useReading } from "./use_reading.js";

const clauses = signal(null);
const search = signal("");
const basis = signal("");

export function FidelityView() {
  useReading([], async () => (clauses.value = (await ask("GET", "/__mock/fidelity")).clauses));
  if (!clauses.value) return html`<${Empty} title="Reading…" />`;
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = clauses.value.filter((clause) => {
    const text = JSON.stringify(clause).toLowerCase();
    return (!basis.value || clause.basis.includes(basis.value)) && words.every((word) => text.includes(word));
  });
  return html`
    <div class="view narrow">
      <div class="view-head">
        <h1>Fidelity</h1>
        <input type="search" aria-label="Search the clauses" placeholder="Search: 429, webhook, B4…" value=${search.value} onInput=${(event) => (search.value = event.target.value)} />
        <${Choice} label="Basis" value=${basis.value} onChange=${(event) => (basis.value = event.target.value)} options=${["documented", "inferred"]} />
        <span class="dim" role="status">${found.length} of ${plural(clauses.value.length, "clause")}</span>
      </div>
      <p class="dim">Documented: Clevora's documentation says so. Inferred: it does not, and the mock does what fits best.</p>
      <div class="clauses">
        ${found.map((clause) => html`
          <article class="card clause" id=${clause.id} key=${clause.id}>
            <h2>${clause.id}</h2>
            <div>
              ${clause.documented && html`<p><${Badge} tone="good">documented<//> ${visible(clause.documented)}</p>`}
              ${clause.inferred && html`<p><${Badge} tone="warn">inferred<//> ${visible(clause.inferred)}</p>`}
              <p class="dim">${evidenceOf(clause)}</p>
            </div>
          </article>
        `)}
      </div>
      ${found.length === 0 && html`<${Empty} title="No clause has these words" />`}
    </div>
  `;
}

/** Say what is known of a clause from the live API. */
const evidenceOf = ({ evidence }) =>
  evidence ? `Live API: ${visible(evidence.verdict ?? JSON.stringify(evidence))}` : "Never checked against the live API.";
