/** What one step found. A warning is worth knowing and fails nothing. */
export type Finding = { kind: 'ok' | 'warning' | 'fault'; text: string };
