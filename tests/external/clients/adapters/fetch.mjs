// fetch, of Node or of a browser. It throws for no status; a program checks `ok`.
import { answer, headers, pieces, vectors } from "./plain.mjs";

class Refusal extends Error {
  constructor({ status, headers }, { error }) {
    super(error.message);
    this.described = { names: ["!response.ok"], status, code: error.code, retry_after: headers.get("retry-after") };
  }
}

export const versions = () => ({ versions: [globalThis.process?.versions.node ?? navigator.userAgent] });

async function post(url, api_key, body) {
  const options = { method: "POST", headers: headers(api_key), body: JSON.stringify(body) };
  const response = await fetch(url, options);
  if (!response.ok) throw new Refusal(response, await response.json());
  return response;
}

export async function chat({ base_url, api_key, request }) {
  return answer(await (await post(`${base_url}/chat/completions`, api_key, request)).json());
}

export async function* stream({ base_url, api_key, request }) {
  yield* pieces((await post(`${base_url}/chat/completions`, api_key, { ...request, stream: true })).body);
}

export async function embed({ base_url, api_key, texts }) {
  return vectors(await (await post(`${base_url}/embeddings`, api_key, { input: texts })).json());
}

export const described = (error) => error.described;
