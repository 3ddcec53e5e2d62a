/** Where an OpenAI-compatible API is and how to be let in. */
export type OpenAiAddress = {
  /** The first part of model names, and how messages call it. */
  provider: string;
  /** Up to and with the version, such as `https://api.openai.com/v1`. */
  baseUrl: string;
  /** Null for a local server that asks for none. */
  apiKey: string | null;
  /** Further headers, such as OpenRouter's `HTTP-Referer` and `X-Title`. */
  headers?: Readonly<Record<string, string>>;
};

/** URL and headers of one of its endpoints. A query in the base address (Azure's `api-version`) stays. */
export function endpoint(address: OpenAiAddress, path: string): { url: URL; headers: Record<string, string> } {
  const url = new URL(address.baseUrl);
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  const authorization: Record<string, string> =
    address.apiKey === null ? {} : { authorization: `Bearer ${address.apiKey}` };
  return { url, headers: { ...address.headers, ...authorization } };
}
