// ky, which throws for every status but 2xx.
import { createRequire } from "node:module";
import ky from "ky";
import { answer, headers, pieces, vectors } from "./plain.mjs";

const read = createRequire(import.meta.url);
export const versions = () => ({ versions: [read("ky/package.json").version] });

const post = (base_url, api_key, path, json) => ky.post(`${base_url}/${path}`, { headers: headers(api_key), json });

export async function chat({ base_url, api_key, request }) {
  return answer(await post(base_url, api_key, "chat/completions", request).json());
}

export async function* stream({ base_url, api_key, request }) {
  yield* pieces((await post(base_url, api_key, "chat/completions", { ...request, stream: true })).body);
}

export async function embed({ base_url, api_key, texts }) {
  return vectors(await post(base_url, api_key, "embeddings", { input: texts }).json());
}

export const described = ({ response }) => response && { status: response.status };
