// What a page can read of any response, by fetch.
const post = ({ url, headers, request }) => fetch(url, { method: "POST", headers, body: JSON.stringify(request) });

export async function read(given) {
  const response = await post(given);
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.json() };
}

// Leaves a stream after its first piece.
export async function begin(given) {
  const reader = (await post(given)).body.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return { text: new TextDecoder().decode(value) };
}

export const described = () => {};
