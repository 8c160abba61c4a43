// Functions shared by the adapters of plain HTTP clients.
export const headers = (api_key) => ({ authorization: `Bearer ${api_key}` });

export const answer = ({ choices: [choice], usage }) => ({
  text: choice.message.content,
  finish: choice.finish_reason,
  usage,
});

export const vectors = ({ data, usage }) => ({ vectors: data.map((one) => one.embedding), usage });

// Yields the contents of a stream of bytes, line by line.
export async function* pieces(bytes) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of bytes) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data: ") || line === "data: [DONE]") continue;
      const { choices: [choice], usage } = JSON.parse(line.slice("data: ".length));
      yield { text: choice.delta.content ?? "" };
      if (choice.finish_reason) yield { finish: choice.finish_reason };
      if (usage) yield { usage };
    }
  }
}
