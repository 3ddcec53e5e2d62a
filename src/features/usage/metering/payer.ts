/** Who is charged for a call within a tenant; both null for the tenant's own work, such as a source's synchronisation. */
export type Payer = { readonly userId: string | null; readonly apiKeyId: string | null };

/** What a call to a model is for. Bounded: it is a label of metrics. */
export type Purpose = 'answer' | 'title' | 'query' | 'document' | 'memory' | 'suggestions' | 'request';

export const nobody: Payer = { userId: null, apiKeyId: null };
