// A table of any length: only the rows in sight are in the page. Rows are all of one height.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../html.js";

const OVERSCAN = 8;

/**
 * `columns` are {name, label, cell(row), className?}, `rows` any objects, `keyOf(row)` the identity of one. With `onOpen`
 * a row is opened by a click or Enter, and the arrow keys go from row to row; `open` is the key of the open one. Rows may
 * be added at the start: what is in sight stays where it is. Without rows, its content is shown.
 */
export const Table = ({ children, ...table }) =>
  table.rows.length ? html`<${Rows} ...${table} />` : html`<div class="table">${children}</div>`;

function Rows({ columns, rows, keyOf, label, rowHeight = 37, height, open, onOpen, rowClass }) {
  const box = useRef(null);
  const [view, setView] = useState({ top: 0, size: 600 });
  const [current, setCurrent] = useState(null);
  const first = rows.length ? keyOf(rows[0]) : null;
  const before = useRef({ first, length: rows.length });

  useEffect(() => {
    const element = box.current;
    const observer = new ResizeObserver(() => setView({ top: element.scrollTop, size: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // What is read stays in sight while rows are added above it.
  useLayoutEffect(() => {
    const last = before.current;
    before.current = { first, length: rows.length };
    if (first === last.first || box.current.scrollTop < rowHeight) return;
    const added = rows.findIndex((row) => keyOf(row) === last.first);
    if (added > 0) box.current.scrollTop += added * rowHeight;
  }, [first]);

  const at = rows.findIndex((row) => keyOf(row) === (current ?? open));
  const reveal = (index) => {
    const top = index * rowHeight;
    const visible = box.current.clientHeight - rowHeight;
    if (top < box.current.scrollTop) box.current.scrollTop = top;
    else if (top > box.current.scrollTop + visible - rowHeight) box.current.scrollTop = top - visible + rowHeight;
  };
  // A row that a link has opened.
  useLayoutEffect(() => {
    const place = rows.findIndex((row) => keyOf(row) === open);
    if (place >= 0) reveal(place);
  }, [open]);

  const select = (index) => {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    if (!rows.length) return;
    setCurrent(keyOf(rows[next]));
    reveal(next);
    if (open && onOpen) onOpen(rows[next]);
  };
  const openRow = (row) => {
    setCurrent(keyOf(row));
    onOpen(row);
  };
  const keys = {
    ArrowDown: () => select(at + 1),
    ArrowUp: () => select(at - 1),
    PageDown: () => select(at + Math.floor(view.size / rowHeight) - 2),
    PageUp: () => select(at - Math.floor(view.size / rowHeight) + 2),
    Home: () => select(0),
    End: () => select(rows.length - 1),
    Enter: () => at >= 0 && onOpen?.(rows[at]),
  };
  const press = (event) => {
    if (event.target !== box.current || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  };

  const start = Math.max(0, Math.floor(view.top / rowHeight) - OVERSCAN);
  const end = Math.min(rows.length, Math.ceil((view.top + view.size) / rowHeight) + OVERSCAN);
  const shown = rows.slice(start, end);
  const id = (index) => `${label.replace(/\W+/g, "-")}-${index}`;
  const isIn = at >= start && at < end;
  return html`
    <div
      class="table"
      ref=${box}
      role="grid"
      tabindex="0"
      aria-label=${label}
      aria-rowcount=${rows.length + 1}
      aria-activedescendant=${isIn ? id(at) : undefined}
      style=${height ? { maxHeight: height } : undefined}
      onScroll=${({ currentTarget }) => setView({ top: currentTarget.scrollTop, size: currentTarget.clientHeight })}
      onKeyDown=${press}
    >
      <div class="table-head" role="row" aria-rowindex="1">
        ${columns.map((column) => html`<span role="columnheader" class=${cellClass(column)}>${column.label}</span>`)}
      </div>
      <div class="table-body" role="rowgroup" style=${{ height: `${rows.length * rowHeight}px` }}>
        ${shown.map((row, index) => {
          const place = start + index;
          const key = keyOf(row);
          return html`
            <${Row}
              key=${key} id=${id(place)} row=${row} place=${place} height=${rowHeight} columns=${columns}
              isOpen=${key === open} isCurrent=${place === at} className=${rowClass?.(row)} onOpen=${onOpen && openRow}
            />
          `;
        })}
      </div>
    </div>
  `;
}

/** A row, which is drawn anew only when something of it has changed: while the table scrolls, most have not. */
function Row({ id, row, place, height, columns, isOpen, isCurrent, className, onOpen }) {
  const open = useRef(onOpen);
  open.current = onOpen;
  return useMemo(() => {
    const classes = ["table-row", isOpen && "open", isCurrent && "current", className];
    return html`
      <div
        id=${id}
        role="row"
        aria-rowindex=${place + 2}
        aria-selected=${onOpen ? String(isOpen) : undefined}
        class=${classes.filter(Boolean).join(" ")}
        style=${{ transform: `translateY(${place * height}px)`, height: `${height}px` }}
        onClick=${onOpen && (() => open.current(row))}
      >
        ${columns.map((column) => html`<span role="gridcell" class=${cellClass(column)}>${column.cell(row)}</span>`)}
      </div>
    `;
  }, [id, row, place, height, columns, isOpen, isCurrent, className]);
}

const cellClass = (column) => `cell cell-${column.name} ${column.className ?? ""}`;
