/** A place where sealed things are kept. Each is given to `parley secrets rotate`, which seals all of them with the newest
 * key, so that an older one can be thrown away. */
export type SealedStore = {
  /** For the person who rotates: `tenant secrets`. */
  readonly name: string;
  /** Safe to repeat, and to break off. */
  rotate(): Promise<Rotation>;
};

export type Rotation = {
  /** Those that were sealed anew. */
  sealed: number;
  /** Those that had the newest key already. */
  current: number;
  /** Names of those that no key opens. */
  broken: readonly string[];
};
