// got, which throws for every status but 2xx.
import { createRequire } from "node:module";
import got from "got";
import { answer, headers, pieces, vectors } from "./plain.mjs";

const read = createRequire(import.meta.url);
export const versions = () => ({ versions: [read("got/package.json").version] });

const options = (api_key, json) => ({ headers: headers(api_key), json });

export async function chat({ base_url, api_key, request }) {
  return answer(await got.post(`${base_url}/chat/completions`, options(api_key, request)).json());
}

export async function* stream({ base_url, api_key, request }) {
  yield* pieces(got.stream.post(`${base_url}/chat/completions`, options(api_key, { ...request, stream: true })));
}

export async function embed({ base_url, api_key, texts }) {
  return vectors(await got.post(`${base_url}/embeddings`, options(api_key, { input: texts })).json());
}

export const described = ({ response }) => response && { status: response.statusCode };
