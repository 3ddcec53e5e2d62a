import { Type } from 'typebox';
import { defineTenantSettings } from '../tenancy/index.ts';

/** An operator's to give: whoever allows it lets a tenant's calls pass that no budget can count. */
export const usageSettings = defineTenantSettings('usage', {
  unpriced: {
    schema: Type.Boolean(),
    fallback: false,
    description: 'Whether models are asked whose price is not known. Their calls are recorded without one.',
    setBy: 'operator',
  },
});
