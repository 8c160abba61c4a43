// Reads a command of curl, as the console and API references print it.

/** Return method, path, headers, key and body of a command, or null for another text. */
export function readCurl(text) {
  const words = shellWords(text);
  if (words[0] !== "curl") return null;
  const found = { method: "", path: "", headers: [], key: "", body: "" };
  for (let index = 1; index < words.length; index++) {
    const word = words[index];
    if (word === "-H" || word === "--header") readHeader(words[++index] ?? "", found);
    else if (word === "-X" || word === "--request") found.method = words[++index] ?? "";
    else if (/^(-d|--data|--data-raw|--data-binary|--json)$/.test(word)) found.body = words[++index] ?? "";
    else if (/^https?:/.test(word)) found.path = pathIn(word);
  }
  return { ...found, method: found.method || (found.body ? "POST" : "GET"), headers: found.headers.join("\n") };
}

function readHeader(line, found) {
  const [, bearer] = /^authorization:\s*bearer\s+(.*)$/i.exec(line) ?? [];
  if (bearer === undefined) found.headers.push(line);
  else if (!bearer.includes("$")) found.key = bearer;
}

/** Return the path below the sandbox. */
function pathIn(url) {
  try {
    const { pathname, search } = new URL(url);
    return pathname.replace(/^.*?\/sandbox\/[a-z0-9-]+/, "") + search;
  } catch {
    return "";
  }
}

/** Split a command as a shell does: quotes, escapes, lines that go on. */
function shellWords(text) {
  const words = [];
  const parts = /\s*((?:'[^']*'|"(?:\\.|[^"\\])*"|\\[^]|[^\s'"\\])+)/g;
  for (const [, word] of text.trim().replaceAll("\\\n", " ").matchAll(parts))
    words.push(
      word.replace(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\([^])/g, (whole, single, double, escaped) =>
        single ?? (double === undefined ? escaped : double.replace(/\\(["\\$`])/g, "$1")),
      ),
    );
  return words;
}
