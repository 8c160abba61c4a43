// The sandbox's time, running as its clock does.
import { html, useEffect, useState } from "../html.js";
import { dateTime } from "../format.js";
import { clock, sandboxNow } from "../state.js";

export function ClockText() {
  const [, tick] = useState(0);
  const { mode, speed } = clock.value;
  useEffect(() => {
    if (mode === "frozen") return undefined;
    const timer = setInterval(() => tick((number) => number + 1), 1000);
    return () => clearInterval(timer);
  }, [mode]);
  const how = { real: "real time", frozen: "frozen", scaled: `${speed} s a second` }[mode];
  return html`
    <a class="clock" href="#/levers/clock" title="The sandbox's clock: every time in the console is by it, in UTC">
      <span class="dim">Sandbox clock</span> <time>${dateTime(sandboxNow())}</time> <span class="dim">UTC · ${how}</span>
    </a>
  `;
}
