export { analyse } from './analyse.ts';
export { analysisRoutes } from './analysis.routes.ts';
export type { ReportedAnalysis } from './analysis.service.ts';
export type { Analysis } from './analysis.ts';
export { type Code, createCode } from './code.ts';
export { type CodePlace, type FetchedCode, fetchCode } from './fetch/fetch-code.ts';
export { FetchFault } from './fetch/fetch-fault.ts';
export type { FetchLimits } from './fetch/fetch-limits.ts';
export { repositoryRoutes } from './repository.routes.ts';
