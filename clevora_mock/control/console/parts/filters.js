// The filters of a list of requests: choices among what is there, and a text.
import { html } from "../html.js";
import { SOURCES } from "./badge.js";
import { Choice } from "./choice.js";
import { nameOf } from "./requests.js";

export const NO_FILTER = { endpoint: "", status: "", key: "", rule: "", source: "", text: "" };

/** Tell whether a filter keeps any request out. */
export const isFiltered = (filter) => Object.values(filter).some(Boolean);

const unique = (values) => [...new Set(values)].filter((value) => value !== null).sort();

/** The filters for `entries`; `filter` is as `passes` takes it, and `onFilter` is called with another. */
export function RequestFilters({ entries, filter, onFilter, children }) {
  const set = (name) => (event) => onFilter({ ...filter, [name]: event.target.value });
  const statuses = unique(entries.map((entry) => entry.status));
  const rules = unique(entries.map((entry) => entry.rule));
  const keys = unique(entries.map((entry) => entry.key));
  const sources = unique(entries.map((entry) => entry.source));
  return html`
    <div class="toolbar" role="search" aria-label="Filter the requests">
      <input type="search" aria-label="Text" placeholder="Search text" value=${filter.text} onInput=${set("text")} />
      <${Choice} label="Endpoint" any="any endpoint" value=${filter.endpoint} onChange=${set("endpoint")} options=${unique(entries.map(nameOf))} />
      <${Choice}
        label="Status" any="any status" value=${filter.status} onChange=${set("status")}
        options=${[["error", "errors"], ["2xx", "2xx"], ["4xx", "4xx"], ["5xx", "5xx"], ["none", "none sent"], ...statuses.map(String)]}
      />
      <${Choice} label="Key" any="any key" value=${filter.key} onChange=${set("key")} options=${keys} />
      <${Choice} label="Rule" any="any rule" value=${filter.rule} onChange=${set("rule")} options=${[["any", "some rule"], ["none", "no rule"], ...rules]} />
      ${(sources.length > 1 || filter.source) && html`
        <${Choice} label="Source" any="any source" value=${filter.source} onChange=${set("source")} options=${sources.map((source) => [source, SOURCES[source]?.[0] ?? source])} />
      `}
      ${isFiltered(filter) && html`<button type="button" class="button small" onClick=${() => onFilter(NO_FILTER)}>Clear</button>`}
      <span class="grow"></span>
      ${children}
    </div>
  `;
}
