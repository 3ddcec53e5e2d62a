export type CheckState = 'ok' | 'failed';
export type Check = {
  name: string;
  /**
   * What its failure means. `needed` (where it is left out): requests should go elsewhere. `dispensable`: requests are served,
   * worse. `outside`: a service that is not ours is ill, of which only operators are told.
   */
  weight?: 'needed' | 'dispensable' | 'outside';
  /** Resolves when all is well. @throws Error whose message says to an operator what is not */
  run(signal: AbortSignal): Promise<void>;
};

export type CheckResult = {
  state: CheckState;
  weight: 'needed' | 'dispensable' | 'outside';
  /** How long it took, ms. */
  duration_ms: number;
  /** Why it failed. */
  reason: string | null;
};
