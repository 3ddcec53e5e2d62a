import type { Finding } from './finding.ts';
import type { Installation } from './installation.ts';
import type { Workshop } from './scratch/workshop.ts';
import type { Target } from './target.ts';

/** How a check looks: at files and settings; at the running server, harmlessly; under load; by causing the fault. */
export const KINDS = ['static', 'live', 'load', 'drill'] as const;
export type CheckKind = (typeof KINDS)[number];

export const CATEGORIES = ['security', 'reliability', 'performance', 'observability', 'documentation'] as const;
export type Category = (typeof CATEGORIES)[number];

/** What a failure means: nobody should go to production so; it should be mended soon; it is worth mending. */
export type CheckWeight = 'blocker' | 'major' | 'minor';

type Described = {
  /** Stable: waivers and comparisons name it. */
  id: string;
  category: Category;
  weight: CheckWeight;
  /** What is true when it passes, as a sentence. */
  title: string;
  /** Ids of the acceptance list that a pass shows, such as `S3-52`. */
  items: readonly string[];
  expected: string;
  /** What to do when it fails. */
  remedy: string;
  /** How long a result holds, days. */
  validDays: number;
  /** How a person looks for themselves; without it, the command that runs this check alone. */
  command?: string;
};

export type StaticCheck = Described & {
  kind: 'static';
  run(installation: Installation, signal: AbortSignal): Promise<Finding>;
};
export type LiveCheck = Described & { kind: 'live'; run(target: Target, signal: AbortSignal): Promise<Finding> };
/** Runs on a scratch installation that it starts from the installed program; the real one is not touched. */
export type ScratchCheck = Described & {
  kind: 'load' | 'drill';
  run(workshop: Workshop, signal: AbortSignal): Promise<Finding>;
};
export type Check = StaticCheck | LiveCheck | ScratchCheck;
