// axios, which throws for every status but 2xx.
import { json } from "node:stream/consumers";
import axios from "axios";
import { answer, headers, pieces, vectors } from "./plain.mjs";

export const versions = () => ({ versions: [axios.VERSION] });

export async function chat({ base_url, api_key, request }) {
  return answer((await axios.post(`${base_url}/chat/completions`, request, { headers: headers(api_key) })).data);
}

export async function* stream({ base_url, api_key, request }) {
  const options = { headers: headers(api_key), responseType: "stream" };
  try {
    yield* pieces((await axios.post(`${base_url}/chat/completions`, { ...request, stream: true }, options)).data);
  } catch (error) {
    // The body of an error is a stream too, which the program has to read.
    if (error.response) error.response.data = await json(error.response.data);
    throw error;
  }
}

export async function embed({ base_url, api_key, texts }) {
  return vectors((await axios.post(`${base_url}/embeddings`, { input: texts }, { headers: headers(api_key) })).data);
}

export const described = ({ response }) => ({ status: response?.status, code: response?.data.error.code });
