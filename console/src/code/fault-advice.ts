/** What can be done about an analysis that failed. */
export type Advice = {
  text: string;
  /** Whether branch or access token are to be changed. */
  edit: boolean;
};

const ADVICE: Readonly<Record<string, Advice>> = {
  ERR_FETCH_001: {
    text: 'Check the address, and whether Parley’s server can reach it. Then analyse again.',
    edit: false,
  },
  ERR_FETCH_002: {
    text: 'Use a public address. An operator can allow one that is not, with OUTBOUND_ALLOWED_HOSTS.',
    edit: false,
  },
  ERR_FETCH_003: { text: 'Give an access token that may read this repository, then analyse again.', edit: true },
  ERR_FETCH_004: {
    text: 'If the repository is private, give an access token. If the address is wrong, delete this entry and add the right one.',
    edit: true,
  },
  ERR_FETCH_005: {
    text: 'Use the address that “git clone” takes, not that of a page about it: delete this entry and add the right one.',
    edit: false,
  },
  ERR_FETCH_006: {
    text: 'Give another branch or tag, or none for the server’s own choice, then analyse again.',
    edit: true,
  },
  ERR_FETCH_007: { text: 'Put some source code in it, then analyse again.', edit: false },
  ERR_FETCH_008: {
    text: 'Upload an archive of the part that matters, or ask an operator to raise MAX_REPO_SIZE_MB.',
    edit: false,
  },
  ERR_FETCH_009: {
    text: 'Analyse again when the server is less busy, or ask an operator to raise CLONE_TIMEOUT_SECONDS.',
    edit: false,
  },
  ERR_FETCH_010: { text: 'If it was an archive, pack it anew and upload it. Otherwise analyse again.', edit: false },
  ERR_FETCH_011: {
    text: 'Ask an operator to allow the folder with CODE_LOCAL_ROOTS, or upload an archive.',
    edit: false,
  },
  ERR_ANALYSIS_101: {
    text: 'Upload an archive of the part that matters, or ask an operator to raise CODE_ANALYSIS_SECONDS.',
    edit: false,
  },
  ERR_ANALYSIS_102: { text: 'Analyse again. If it is cut off once more, tell an operator.', edit: false },
  ERR_ANALYSIS_103: {
    text: 'This is a fault of Parley, not of your code. Analyse again; if it stays, give an operator the analysis’s id.',
    edit: false,
  },
};

/** By the `code` of the analysis's error. */
export function adviceFor(code: string | undefined): Advice {
  const known = code !== undefined && Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined;
  return known ?? { text: 'Analyse again.', edit: false };
}
