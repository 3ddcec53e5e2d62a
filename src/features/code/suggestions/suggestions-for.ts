import type { ChatModel } from '../../../ai/chat-model.ts';
import type { Tenant } from '../../tenancy/index.ts';
import type { Analysis, CodeBase } from '../analysis.ts';
import type { CodeDependencies } from '../code.dependencies.ts';
import { codeSettings } from '../code-settings.schema.ts';
import { storable } from '../storable.ts';
import { suggest } from './suggest.ts';
import type { Suggestions } from './suggestion.ts';

/** Longest time for a model to suggest something, ms. */
const TIMEOUT_MS = 120_000;

/**
 * What the tenant's default model suggests, on the account of whoever began the analysis. Null where the tenant asks none.
 * `late`, when the analysis may take no longer, ends the question and not the analysis. @throws only the signal's reason, and
 * what a database that is away throws
 */
export async function suggestionsFor(
  deps: CodeDependencies,
  tenant: Tenant,
  { code, analysis, userId }: { code: CodeBase; analysis: Analysis; userId: string | null },
  { signal, late }: { signal: AbortSignal; late: AbortSignal },
): Promise<Suggestions | null> {
  if (!(await deps.settings.read(tenant, codeSettings.suggestions))) return null;
  let model: ChatModel | null = null;
  try {
    model = await deps.defaultModel(tenant);
    const metered = deps.meter.model(model, { tenant, userId, apiKeyId: null, purpose: 'suggestions' });
    const until = AbortSignal.any([signal, late, AbortSignal.timeout(TIMEOUT_MS)]);
    // What the model can do is not the meter's to say.
    return storable(await suggest({ ...model, ...metered }, code, analysis, until));
  } catch (error) {
    signal.throwIfAborted();
    deps.log.warn({ err: error, tenant: tenant.slug }, 'a model suggested nothing about an analysis');
    return { model: model?.id ?? null, kept: [], dropped: 0, note: 'No model was there, or it took too long.' };
  }
}
