import pg from 'pg';

/** `name`: it is prepared. */
export type Statement = { text: string; values?: unknown[]; name?: string };

/** The statements of one piece of work, as they reach node-postgres: those of the tenant's transaction, on its client. */
export async function recorded(work: () => Promise<unknown>): Promise<Statement[]> {
  const script: Statement[] = [];
  let searching: pg.Client | null = null;
  const { query } = pg.Client.prototype;
  const record = function (this: pg.Client, ...given: unknown[]) {
    const [text, values] = given;
    if (typeof text === 'string' && text.startsWith('BEGIN; SET LOCAL ROLE')) searching = this;
    // Statements that came five times before are prepared, and come as an object.
    if (this === searching) {
      script.push(typeof text === 'string' ? { text, ...(Array.isArray(values) && { values }) } : (text as Statement));
    }
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
  for (const { text, values, name } of script) {
    await client.query({ text, ...(values && { values }), ...(name !== undefined && { name }) });
  }
}
