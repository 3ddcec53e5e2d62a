/** How the installed program is started, and what it finds in its environment besides its settings. */
export type WorkshopTools = {
  program: readonly [string, ...string[]];
  /** The same for a program that lives for moments only, where its start is what costs. */
  brief: readonly [string, ...string[]];
  /** PATH and HOME: nothing of the real installation's settings gets in. */
  environment: Readonly<Record<string, string>>;
  projectFolder: string;
  /** By how much drills wait longer than they should, or shorter; 1 where it is left out. */
  patience?: number;
};

export type ScratchSettings = Readonly<Record<string, string>>;
