// The run report: its frame and navigation. What the views are made of is the console's.
import { html, render, useEffect, useRef } from "../../../control/console/html.js";
import { Badge } from "../../../control/console/parts/badge.js";
import { ThemeButton } from "../../../control/console/parts/theme.js";
import { follow, place } from "../../../control/console/place.js";
import { visible } from "../../../control/console/format.js";
import { failed, findings, NOUN, run } from "./run.js";
import { FaultsView } from "./views/faults.js";
import { FindingsView } from "./views/findings.js";
import { OverviewView } from "./views/overview.js";
import { RequestsView } from "./views/requests.js";
import { SpendView } from "./views/spend.js";
import { TestView } from "./views/test.js";
import { TestsView } from "./views/tests.js";

const VIEWS = [
  { name: "overview", label: "Overview", view: OverviewView },
  { name: "tests", label: NOUN === "test" ? "Tests" : "Sandboxes", view: TestsView, open: TestView, bubble: failed.length },
  { name: "requests", label: "Requests", view: RequestsView },
  { name: "spend", label: "Spend", view: SpendView },
  { name: "faults", label: "Faults", view: FaultsView },
  { name: "findings", label: "Findings", view: FindingsView, bubble: findings.length },
];

function Report() {
  const main = useRef(null);
  const found = VIEWS.find((one) => one.name === place.value.view) ?? VIEWS[0];
  const view = found.open && place.value.rest.length ? found.open : found.view;
  useEffect(() => {
    document.title = `${found.label} · run report · clevora-mock`;
  }, [found.name]);
  return html`
    <a class="skip" href="#main" onClick=${(event) => (event.preventDefault(), main.current.focus())}>Skip to the content</a>
    <header class="top">
      <a class="brand" href="#/overview">clevora-mock</a>
      <span class="command">${run.command && html`<span class="hidden">Run report of </span><code>${visible(run.command)}</code>`}</span>
      <span class="grow"></span>
      <${Badge} tone=${run.verdict.tone}>${run.verdict.word}<//>
      <${ThemeButton} />
    </header>
    <nav class="views" aria-label="Views">
      ${VIEWS.map(({ name, label, bubble }) => html`
        <a href=${`#/${name}`} aria-current=${name === found.name ? "page" : undefined}>
          ${label}${bubble > 0 && html` <span class=${`bubble ${name === "tests" ? "bad" : ""}`}>${bubble.toLocaleString("en-US")}</span>`}
        </a>
      `)}
    </nav>
    <main id="main" tabindex="-1" ref=${main}><${view} /></main>
  `;
}

follow();
render(html`<${Report} />`, document.getElementById("console"));
