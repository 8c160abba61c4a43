// The place in the page, which the address has after #: a view's name, and the rest: #/traffic/req_1.
import { signal } from "./html.js";

/** The place in the page: the view's name, "" at the beginning, and the rest of the address. */
export const place = signal(placeIn(location.hash));

/** Go to a place in the page: go("traffic", "req_1"). From one request to the next, "back" does not go through all. */
export function go(...parts) {
  const hash = `#/${parts.map(encodeURIComponent).join("/")}`;
  const { view, rest } = place.value;
  if (view !== parts[0] || !rest.length || parts.length < 2) location.hash = hash;
  else {
    history.replaceState(null, "", hash);
    place.value = placeIn(hash);
  }
}

function placeIn(hash) {
  const [view, ...rest] = hash.replace(/^#\/?/, "").split("/").map(decoded);
  return { view, rest };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Follow the page's address from now on. */
export const follow = () => addEventListener("hashchange", () => (place.value = placeIn(location.hash)));
