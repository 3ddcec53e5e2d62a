import { analyse, type Code, createCode } from '../features/code/index.ts';
import { createGuardedFetch } from '../platform/http/guarded-fetch.ts';
import type { Config } from './config.ts';
import type { ModelsOf } from './tenant-models.ts';

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

type Own = keyof ReturnType<typeof codeOptions> | 'analyse' | 'defaultModel';
type Shared = Omit<Parameters<typeof createCode>[0], Own> & { modelsOf: ModelsOf };

/** The analysis of code, as the settings say. */
export function codeOf(config: Config, { modelsOf, ...shared }: Shared): Code {
  const defaultModel: Parameters<typeof createCode>[0]['defaultModel'] = async (tenant) =>
    (await modelsOf(tenant)).resolve(null);
  return createCode({ ...codeOptions(config), analyse, defaultModel, ...shared });
}
