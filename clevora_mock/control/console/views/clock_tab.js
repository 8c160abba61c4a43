// The clock: freeze it, move it, set it, let it run.
import { html, useState } from "../html.js";
import { dateTime } from "../format.js";
import { ask } from "../server.js";
import { attempt, clock, sandboxNow, setClock } from "../state.js";
import { ClockText } from "./clock_text.js";

const DAY = 86_400_000;

const change = (body) => attempt(async () => setClock(await ask("PATCH", "/__mock/clock", body)));

/** Advance a clock to the next midnight in UTC. */
const toMidnight = () => change({ now: new Date(Math.floor(sandboxNow() / DAY + 1) * DAY).toISOString() });

export function ClockTab() {
  const [time, setTime] = useState(() => dateTime(sandboxNow()).replace(" ", "T"));
  const [speed, setSpeed] = useState("60");
  const { mode } = clock.value;
  const submit = (body) => (event) => (event.preventDefault(), change(body()));
  return html`
    <section class="card clock-card">
      <p class="big-clock"><${ClockText} /></p>
      <p class="dim">Limits, days, tokens, delays and every time in an answer go by it. Whatever is due by the new time happens.</p>
      <div class="row">
        <button type="button" class=${`button ${mode === "frozen" ? "on" : ""}`} aria-pressed=${String(mode === "frozen")} onClick=${() => change({ mode: "frozen" })}>Freeze</button>
        <button type="button" class="button" onClick=${() => change({ advance: "1m" })}>+1 min</button>
        <button type="button" class="button" onClick=${() => change({ advance: "1h" })}>+1 h</button>
        <button type="button" class="button" onClick=${() => change({ advance: "24h" })}>+1 day</button>
        <button type="button" class="button" onClick=${toMidnight}>To midnight UTC</button>
        <button type="button" class=${`button ${mode === "real" ? "on" : ""}`} aria-pressed=${String(mode === "real")} onClick=${() => change({ mode: "real", now: new Date().toISOString() })}>Real time</button>
      </div>
      <form class="row" onSubmit=${submit(() => ({ now: `${time}Z` }))}>
        <label class="field"><span>Time (UTC)</span><input type="datetime-local" step="1" value=${time} onInput=${(event) => setTime(event.target.value)} /></label>
        <button class="button">Set</button>
      </form>
      <form class="row" onSubmit=${submit(() => ({ mode: "scaled", speed: Number(speed) }))}>
        <label class="field"><span>Seconds a second</span><input type="number" min="0.001" step="any" value=${speed} onInput=${(event) => setSpeed(event.target.value)} /></label>
        <button class=${`button ${mode === "scaled" ? "on" : ""}`}>Run at this speed</button>
      </form>
    </section>
  `;
}
