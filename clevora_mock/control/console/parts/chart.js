// Charts: bars over time by uPlot, which can be read as a table as well.
import { html, useEffect, useRef, useState } from "../html.js";
import uPlot from "../lib/uplot.js";

const HEIGHT = 220;

/** Return a token's colour as a canvas needs it. */
function colourOf(token, element) {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  element.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

/**
 * Bars over time. `times` are in milliseconds; `series` is {label, token, values, bad?}, where the values of one with
 * `bad` are drawn in front of the first's. `step` is the milliseconds that a bar stands for; `format` is for values,
 * `timeFormat` for times.
 */
export function TimeBars({ label, times, step, series, format, timeFormat }) {
  const box = useRef(null);
  const [hover, setHover] = useState(null);
  const [isTable, setTable] = useState(false);
  const [theme, setTheme] = useState(0);

  // A canvas does not follow the tokens by itself.
  useEffect(() => {
    const again = () => setTheme((number) => number + 1);
    const observer = new MutationObserver(again);
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", again);
    return () => (observer.disconnect(), dark.removeEventListener("change", again));
  }, []);

  useEffect(() => {
    if (isTable || !times.length) return undefined;
    const element = box.current;
    const colours = { ink: colourOf("--dim", element), line: colourOf("--line", element) };
    const axis = { stroke: colours.ink, grid: { stroke: colours.line, width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    const half = step / 2000;
    const options = {
      width: element.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      padding: [12, 22, 0, 0],
      scales: {
        x: { time: true, range: () => [times[0] / 1000 - half, times.at(-1) / 1000 + half] },
        y: { range: (plot, low, high) => [0, niceMaximum(high)] },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 28, splits: (plot) => splitsOf(times, plot.width), values: (plot, all) => all.map((at) => timeFormat(at * 1000)) },
        { ...axis, size: 64, space: 36, values: (plot, all) => all.map(format) },
      ],
      series: [
        {},
        ...series.map((one) => ({
          label: one.label,
          fill: colourOf(one.token, element),
          width: 0,
          points: { show: false },
          paths: uPlot.paths.bars({ size: [0.7, 46], radius: [0.12, 0] }),
        })),
      ],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      hooks: {
        setCursor: [
          (plot) => {
            const index = plot.cursor.idx;
            setHover(index === null || index === undefined || plot.cursor.left < 0 ? null : { index, left: plot.valToPos(times[index] / 1000, "x") + plot.bbox.left / devicePixelRatio });
          },
        ],
      },
    };
    const plot = new uPlot(options, [times.map((time) => time / 1000), ...series.map((one) => one.values)], element);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => (observer.disconnect(), plot.destroy());
  }, [times, series, step, isTable, theme]);

  const total = series[0].values.reduce((sum, value) => sum + value, 0);
  return html`
    <figure class="chart">
      <figcaption>
        <span class="chart-label">${label}</span>
        ${series.length > 1 && series.map((one) => html`<span class="key"><i style=${{ background: `var(${one.token})` }}></i>${one.label}</span>`)}
        <button type="button" class="button small" onClick=${() => setTable(!isTable)}>${isTable ? "Chart" : "Table"}</button>
      </figcaption>
      ${isTable
        ? html`<${Values} label=${label} times=${times} series=${series} format=${format} timeFormat=${timeFormat} />`
        : html`
            <div class="plot" ref=${box} role="img" aria-label=${`${label}: ${format(total)} in all, ${times.length} bars`}>
              ${hover && html`
                <div class="tooltip" style=${{ left: `${hover.left}px` }}>
                  <strong>${timeFormat(times[hover.index], true)}</strong>
                  ${series.map((one) => html`<div>${one.label} <b>${format(one.values[hover.index], true)}</b></div>`)}
                </div>
              `}
            </div>
          `}
    </figure>
  `;
}

/** Return the times, in seconds, at which an axis has labels: as many as fit, always the last bar's. */
function splitsOf(times, width) {
  const every = Math.max(1, Math.ceil(times.length / Math.max(2, Math.floor(width / 90))));
  return times.filter((_, index) => (times.length - 1 - index) % every === 0).map((time) => time / 1000);
}

/** Return a round number at or above the highest value, so that the bars do not touch the edge. */
function niceMaximum(high) {
  if (!high || high <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(high));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((top) => top >= high * 1.02) ?? 10 * power;
}

const Values = ({ label, times, series, format, timeFormat }) => html`
  <div class="scroll-y" tabindex="0" role="region" aria-label=${label}>
    <table class="plain">
      <thead><tr><th>Time</th>${series.map((one) => html`<th class="number">${one.label}</th>`)}</tr></thead>
      <tbody>
        ${times.map((time, index) => html`
          <tr><td>${timeFormat(time, true)}</td>${series.map((one) => html`<td class="number">${format(one.values[index], true)}</td>`)}</tr>
        `)}
      </tbody>
    </table>
  </div>
`;
