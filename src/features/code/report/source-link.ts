/** How the hosts that we know address a line of a file at a commit. */
const HOSTS: Readonly<Record<string, (repository: string, commit: string, path: string) => string>> = {
  'github.com': (repository, commit, path) => `${repository}/blob/${commit}/${path}`,
  'gitlab.com': (repository, commit, path) => `${repository}/-/blob/${commit}/${path}`,
  'codeberg.org': (repository, commit, path) => `${repository}/src/commit/${commit}/${path}`,
};

/** The address of a line on the repository's host; null where the host is not one that we know, or the commit is not. */
export function sourceLink(
  { url, commit }: { url: string | null; commit: string | null },
  path: string,
  line: number | null,
): string | null {
  if (url === null || commit === null || !/^[0-9a-f]{7,64}$/.test(commit) || !URL.canParse(url)) return null;
  const { protocol, host, pathname } = new URL(url);
  const addressOf = Object.hasOwn(HOSTS, host) ? HOSTS[host] : undefined;
  const repository = pathname.replace(/\/+$/, '').replace(/\.git$/, '');
  if (protocol !== 'https:' || !addressOf || !/^\/[\w./~-]{1,200}$/.test(repository)) return null;
  const encoded = path.split('/').map(encodeSegment).join('/');
  return `https://${host}${addressOf(repository, commit, encoded)}${line === null ? '' : `#L${line}`}`;
}

/** A lone half of a surrogate pair has no encoding. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
