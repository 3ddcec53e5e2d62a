import type { Tenant } from '../tenancy/index.ts';

export type AnalysePayload = { tenant: Tenant; analysisId: string };

export const ANALYSE_JOB = { name: 'code.analyse' } as const;
