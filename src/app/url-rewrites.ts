/** Addresses of the predecessors, and where they are now. The first that matches counts. */
const REWRITES: readonly (readonly [RegExp, string])[] = [
  [/^\/api\/v2\/auth(?=[/?]|$)/, '/v1/auth'],
  [/^\/api\/v1(?=[/?]|$)/, '/v1'],
  [/^\/api\/analyses\/([\w-]{1,64})\/pdf$/, '/v1/analyses/$1/report?format=pdf'],
  [/^\/api\/analyses\/([\w-]{1,64})\/pdf\?/, '/v1/analyses/$1/report?format=pdf&'],
  [/^\/api\/(repositories|analyses)(?=[/?]|$)/, '/v1/$1'],
  [/^\/chatkit(?=[/?]|$)/, '/v1/chatkit'],
  [/^\/ws\/chat(?=[/?]|$)/, '/v1/ws/chat'],
  [/^\/v1\/ws\/(?:messages|stream)\/([\w.-]{1,64})\??/, '/v1/ws/memory?tenant_id=$1&'],
];

export function rewriteUrl(request: { url?: string | undefined }): string {
  const url = request.url ?? '/';
  for (const [pattern, address] of REWRITES) if (pattern.test(url)) return url.replace(pattern, address);
  return url;
}
