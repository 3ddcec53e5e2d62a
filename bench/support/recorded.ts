import pg from 'pg';

export type Statement = { text: string; values?: unknown[] };

/** The statements of one piece of work, as they reach node-postgres: those of the tenant's transaction, on its client. */
export async function recorded(work: () => Promise<unknown>): Promise<Statement[]> {
  const script: Statement[] = [];
  let searching: pg.Client | null = null;
  const { query } = pg.Client.prototype;
  const record = function (this: pg.Client, ...given: unknown[]) {
    const [text, values] = given;
    if (typeof text === 'string' && text.startsWith('BEGIN; SET LOCAL ROLE')) searching = this;
    if (typeof text === 'string' && this === searching) script.push({ text, ...(Array.isArray(values) && { values }) });
    return Reflect.apply(query, this, given);
  };
  pg.Client.prototype.query = record as typeof query;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query;
  }
  return script;
}

export async function replay(client: pg.Client, script: readonly Statement[]): Promise<void> {
  for (const { text, values } of script) await client.query(text, values);
}
