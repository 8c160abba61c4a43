// The console: its frame and navigation. Views are in views/, what they are made of in parts/.
import { html, render, useEffect, useRef } from "./html.js";
import { ThemeButton } from "./parts/theme.js";
import { conduct, connection, dismiss, go, messages, place, sandboxName, start } from "./state.js";
import { ClockText } from "./views/clock_text.js";
import { ConductView } from "./views/conduct.js";
import { FidelityView } from "./views/fidelity.js";
import { LeversView } from "./views/levers.js";
import { MoneyView } from "./views/money.js";
import { TrafficView } from "./views/traffic.js";
import { UsageView } from "./views/usage.js";

const VIEWS = [
  { name: "traffic", label: "Traffic", view: TrafficView },
  { name: "money", label: "Money", view: MoneyView },
  { name: "usage", label: "Usage", view: UsageView },
  { name: "levers", label: "Levers", view: LeversView },
  { name: "conduct", label: "Conduct", view: ConductView },
  { name: "fidelity", label: "Fidelity", view: FidelityView },
];

function Console() {
  const main = useRef(null);
  const found = VIEWS.find((one) => one.name === place.value.view) ?? VIEWS[0];
  useEffect(() => {
    document.title = `${found.label} · ${sandboxName} · clevora-mock`;
  }, [found.name]);
  return html`
    <a class="skip" href="#main" onClick=${(event) => (event.preventDefault(), main.current.focus())}>Skip to the content</a>
    <${Header} />
    <nav class="views" aria-label="Views">
      ${VIEWS.map(({ name, label }) => html`
        <a href=${`#/${name}`} aria-current=${name === found.name ? "page" : undefined}>
          ${label}${name === "conduct" && conduct.value.findings.length > 0 && html` <span class="bubble">${conduct.value.findings.length}</span>`}
        </a>
      `)}
    </nav>
    <main id="main" tabindex="-1" ref=${main}><${found.view} /></main>
    <${Messages} />
  `;
}

const CONNECTION = { connecting: "Connecting…", live: "Live", lost: "Reconnecting…" };

const Header = () => html`
  <header class="top">
    <a class="brand" href="#/traffic">clevora-mock</a>
    <button type="button" class="button small sandbox" title="Switch the sandbox" onClick=${() => go("levers", "sandbox")}>
      <span class="dim">Sandbox</span> <b>${sandboxName}</b>
    </button>
    <span class="grow"></span>
    <${ClockText} />
    <span class=${`connection ${connection.value}`} role="status">${CONNECTION[connection.value]}</span>
    <${ThemeButton} />
  </header>
`;

const Messages = () => html`
  <div class="messages" role="status" aria-live="polite">
    ${messages.value.map((message) => html`
      <p key=${message.id} class=${`message ${message.kind}`}>
        <span>${message.text}</span>
        <button type="button" class="button small icon" aria-label="Dismiss" onClick=${() => dismiss(message)}>✕</button>
      </p>
    `)}
  </div>
`;

start();
render(html`<${Console} />`, document.getElementById("console"));
