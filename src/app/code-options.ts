import { analyse, type Code, createCode } from '../features/code/index.ts';
import { createGuardedFetch } from '../platform/http/guarded-fetch.ts';
import type { Config } from './config.ts';

const MEGABYTE = 1024 * 1024;
/** Until the head of an answer, and between two pieces of it, ms: a server packs a large repository for a while. */
const SILENCE_MS = 60_000;

/** What the settings say of the analysis of code. */
export function codeOptions(config: Config) {
  const mostBytes = config.codeMostMegabytes * MEGABYTE;
  const guarded = createGuardedFetch({
    allowedHosts: config.outboundAllowedHosts,
    timeout: SILENCE_MS,
    totalTimeout: null,
    maxBytes: mostBytes,
  });
  return {
    fetch: guarded.fetch,
    limits: {
      mostBytes,
      mostFiles: config.codeMostFiles,
      mostFileBytes: config.codeMostFileBytes,
      mostTextBytes: config.codeMostTextMegabytes * MEGABYTE,
      historyCommits: config.codeHistoryCommits,
    },
    fetchTimeout: config.codeFetchSeconds * 1000,
    analysisTimeout: config.codeAnalysisSeconds * 1000,
    concurrency: config.codeConcurrency,
    localRoots: config.codeLocalRoots,
    uploadLimit: config.uploadLimit,
  };
}

type Shared = Omit<Parameters<typeof createCode>[0], keyof ReturnType<typeof codeOptions> | 'analyse'>;

/** The analysis of code, as the settings say. */
export function codeOf(config: Config, shared: Shared): Code {
  return createCode({ ...codeOptions(config), analyse, ...shared });
}
