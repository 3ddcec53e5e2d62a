import { type Finding, notApplicable, notRun } from '../finding.ts';
import { type Installation, type InstallationSettings, isProduction } from '../installation.ts';

/** What is asked of settings that cannot be read is not run. */
export function withSettings(judge: (settings: InstallationSettings) => Finding | Promise<Finding>) {
  return async ({ settings }: Installation): Promise<Finding> =>
    settings === null ? notRun('the settings are not usable') : judge(settings);
}

/** What only an installation that strangers reach must have. */
export function inProduction(judge: (settings: InstallationSettings) => Finding | Promise<Finding>) {
  return withSettings((settings) =>
    isProduction(settings) ? judge(settings) : notApplicable(`asked of production; this is ${settings.environment}`),
  );
}
