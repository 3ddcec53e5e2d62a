import { defineErrors } from '../../platform/http/errors.ts';
import type { FetchFaultKind } from './fetch/fetch-fault.ts';

export const repositoryErrors = defineErrors('REPO', {
  notFound: {
    number: 1,
    kind: 'not-found',
    title: 'Repository not found',
    example: 'There is no repository with this id.',
  },
  forbidden: {
    number: 2,
    kind: 'forbidden',
    title: 'Not your repository',
    example: 'Only the member who added this repository, or an admin, may do this.',
  },
  noArchive: {
    number: 3,
    kind: 'invalid',
    title: 'No archive',
    example: 'Send one part named file that holds a zip, tar.gz or tar archive.',
  },
  archiveTooLarge: {
    number: 4,
    kind: 'too-large',
    title: 'Archive too large',
    example: 'An archive may have at most 50 MiB.',
  },
});

export const analysisErrors = defineErrors('ANALYSIS', {
  notFound: {
    number: 1,
    kind: 'not-found',
    title: 'Analysis not found',
    example: 'There is no analysis with this id.',
  },
  notCompleted: {
    number: 2,
    kind: 'conflict',
    title: 'No result',
    example: 'This analysis has no result: it is running. Ask again when its status is completed.',
  },
  running: {
    number: 3,
    kind: 'conflict',
    title: 'An analysis is under way',
    example: 'This repository is being analysed already; analysis_id says by which analysis.',
  },
  forbidden: {
    number: 4,
    kind: 'forbidden',
    title: 'Not your analysis',
    example: 'Only the member who started this analysis, or an admin, may do this.',
  },
  ended: {
    number: 5,
    kind: 'conflict',
    title: 'Ended already',
    example: 'Only an analysis that waits or runs can be cancelled; this one is completed.',
  },
  findingNotFound: {
    number: 6,
    kind: 'not-found',
    title: 'Finding not found',
    example: 'There is no finding with this id.',
  },
});

/** Why an analysis failed, as its `error.code` says; these are not answers to a request. */
export const analysisFaults: Readonly<Record<FetchFaultKind | AnalysisFaultKind, string>> = {
  unreachable: 'ERR_FETCH_001',
  'forbidden-address': 'ERR_FETCH_002',
  unauthorized: 'ERR_FETCH_003',
  'not-found': 'ERR_FETCH_004',
  'no-git': 'ERR_FETCH_005',
  'no-branch': 'ERR_FETCH_006',
  empty: 'ERR_FETCH_007',
  'too-large': 'ERR_FETCH_008',
  timeout: 'ERR_FETCH_009',
  damaged: 'ERR_FETCH_010',
  'forbidden-path': 'ERR_FETCH_011',
  'no-room': 'ERR_FETCH_012',
  limit: 'ERR_ANALYSIS_101',
  interrupted: 'ERR_ANALYSIS_102',
  internal: 'ERR_ANALYSIS_103',
};

type AnalysisFaultKind = 'limit' | 'interrupted' | 'internal';
export type AnalysisFault = { code: string; detail: string };

export function faultOf(kind: FetchFaultKind | AnalysisFaultKind, detail: string): AnalysisFault {
  return { code: analysisFaults[kind], detail };
}
