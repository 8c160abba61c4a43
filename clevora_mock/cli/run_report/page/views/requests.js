// The requests of all tests in one list, each with the test that sent it.
import { computed, html, signal, useEffect } from "../../../../control/console/html.js";
import { count, plural } from "../../../../control/console/format.js";
import { Empty } from "../../../../control/console/parts/badge.js";
import { EntryPanel } from "../../../../control/console/parts/entry.js";
import { isFiltered, NO_FILTER, RequestFilters } from "../../../../control/console/parts/filters.js";
import { passes, RequestTable } from "../../../../control/console/parts/requests.js";
import { go, place } from "../../../../control/console/place.js";
import { CopyActions } from "../copy_actions.js";
import { TestLink } from "../marks.js";
import { findingsByRequest, keyOf, requests, tests } from "../run.js";

const filter = signal(NO_FILTER);
const shown = computed(() => requests.filter(passes(filter.value)));

export function RequestsView() {
  const [test, at] = place.value.rest;
  const open = at === undefined ? undefined : tests[Number(test)]?.requests[Number(at)];
  const close = () => go("requests");
  useEffect(() => {
    const press = (event) => event.key === "Escape" && open && close();
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [open]);
  const isNarrowed = isFiltered(filter.value);
  return html`
    <div class=${`split ${open ? "with-panel" : ""}`}>
      <section class="list" aria-label="List of requests">
        <h1 class="hidden">Requests</h1>
        <${RequestFilters} entries=${requests} filter=${filter.value} onFilter=${(next) => (filter.value = next)}>
          <span class="dim count" role="status">${isNarrowed ? `${count(shown.value.length)} of ` : ""}${plural(requests.length, "request")}</span>
        <//>
        <${RequestTable}
          rows=${shown.value} open=${open && keyOf(open)} onOpen=${(entry) => go("requests", String(entry.test), String(entry.place))}
          keyOf=${keyOf} findings=${findingsByRequest}
        ><${Empty} title=${isNarrowed ? "No request passes the filters" : "No requests"} /><//>
      </section>
      ${open && html`
        <${EntryPanel}
          entry=${open} findings=${tests[open.test].findingsOf(open)} onClose=${close}
          actions=${html`<p class="clip"><${TestLink} test=${tests[open.test]} /></p><${CopyActions} entry=${open} />`}
        />
      `}
    </div>
  `;
}
