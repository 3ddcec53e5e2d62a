import { availableParallelism } from 'node:os';
import { folders, integer, setting } from './setting.ts';

/** The settings of the analysis of code repositories. */
export const codeSettings = {
  codeMostMegabytes: setting(
    'MAX_REPO_SIZE_MB',
    integer(1, 10_000),
    500,
    'Largest code repository that is fetched, and most that an archive of code may unpack to, MB.',
  ),
  codeFetchSeconds: setting(
    'CLONE_TIMEOUT_SECONDS',
    integer(1, 3_600),
    300,
    'Longest time for a git server to send a repository, seconds.',
  ),
  codeMostFiles: setting('CODE_MAX_FILES', integer(1, 200_000), 20_000, 'Files of a repository that are analysed.'),
  codeMostFileBytes: setting(
    'CODE_MAX_FILE_BYTES',
    integer(1_000, 50_000_000),
    1_000_000,
    'Largest file of a repository that is analysed, bytes.',
  ),
  codeMostTextMegabytes: setting(
    'CODE_MAX_TEXT_MB',
    integer(1, 2_000),
    100,
    'Files of a repository that are analysed, together, MB.',
  ),
  codeHistoryCommits: setting(
    'CODE_HISTORY_COMMITS',
    integer(0, 10_000),
    200,
    'Commits of a repository that are fetched for its history, from the newest; 0: none.',
  ),
  codeAnalysisSeconds: setting(
    'CODE_ANALYSIS_SECONDS',
    integer(1, 86_400),
    900,
    'Longest time for an analysis of code, the fetching included, seconds.',
  ),
  codeConcurrency: setting(
    'CODE_ANALYSIS_CONCURRENCY',
    integer(1, 16),
    Math.max(1, Math.min(2, availableParallelism() - 1)),
    'Analyses of code that one process makes at the same time.',
    { example: '1' },
  ),
  codeLocalRoots: setting(
    'CODE_LOCAL_ROOTS',
    folders,
    [] as readonly string[],
    'Folders of this machine, absolute, below which every tenant may have code analysed by its path. Unset: none.',
  ),
};
