// Reading from the server while a view is open: at once, and again when something has changed, but not too often.
import { useEffect, useRef } from "../html.js";

/** The least time between two readings, in milliseconds: a ledger is long, and requests may be many. */
const PAUSE = 1000;

/** Run `read` when the view appears and after one of `causes` has changed; the last change is never missed. */
export function useReading(causes, read) {
  const latest = useRef(read);
  const last = useRef(-Infinity);
  const timer = useRef(null);
  latest.current = read;
  useEffect(() => {
    if (timer.current !== null) return;
    timer.current = setTimeout(
      () => {
        timer.current = null;
        last.current = performance.now();
        // Where it fails, the connection is lost, or the account gone: both come with a change.
        latest.current().catch(() => {});
      },
      Math.max(0, last.current + PAUSE - performance.now()),
    );
  }, causes);
  useEffect(() => () => clearTimeout(timer.current), []);
}
