// axios, which throws for every status but 2xx.
import axios from "axios";
import { answer, headers, pieces, vectors } from "./plain.mjs";

export const versions = () => ({ versions: [axios.VERSION] });

export async function chat({ base_url, api_key, request }) {
  return answer((await axios.post(`${base_url}/chat/completions`, request, { headers: headers(api_key) })).data);
}

export async function* stream({ base_url, api_key, request }) {
  // In a page only its adapter for fetch can stream.
  const options = { headers: headers(api_key), responseType: "stream", adapter: ["http", "fetch"] };
  try {
    yield* pieces((await axios.post(`${base_url}/chat/completions`, { ...request, stream: true }, options)).data);
  } catch (error) {
    // The body of an error is a stream too, which the program has to read.
    if (error.response) error.response.data = await new Response(error.response.data).json();
    throw error;
  }
}

export async function embed({ base_url, api_key, texts }) {
  return vectors((await axios.post(`${base_url}/embeddings`, { input: texts }, { headers: headers(api_key) })).data);
}

export const described = ({ response }) =>
  response && { status: response.status, code: response.data.error.code, retry_after: response.headers["retry-after"] };
