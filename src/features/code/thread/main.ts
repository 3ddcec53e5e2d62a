import { parentPort, workerData } from 'node:worker_threads';
import type { AnalysisOrder } from './order.ts';
import { runAnalysis } from './run-analysis.ts';

parentPort?.postMessage(await runAnalysis(workerData as AnalysisOrder));
