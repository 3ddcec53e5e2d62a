/** How the installed program is started, and what it finds in its environment besides its settings. */
export type WorkshopTools = {
  program: readonly [string, ...string[]];
  /** PATH and HOME: nothing of the real installation's settings gets in. */
  environment: Readonly<Record<string, string>>;
  projectFolder: string;
};

export type ScratchSettings = Readonly<Record<string, string>>;
