import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Documents } from '../features/documents/index.ts';
import type { Principal } from '../features/identity/index.ts';
import { projectFolder } from './project-folder.ts';

/** What Parley can be asked about itself before anybody has uploaded anything. */
const folder = join(projectFolder, 'docs', 'product');

/** Brings the documents about Parley into a tenant. They are ingested by jobs, like everything else. */
export async function shipDocuments(documents: Documents, principal: Principal): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).sort();
  for (const name of names) {
    const content = await readFile(join(folder, name), 'utf8');
    const title = /^# (.+)$/m.exec(content)?.[1] ?? name;
    await documents.service.createFromText(principal, {
      title,
      content,
      content_type: 'text/markdown',
      metadata: { shipped: true },
    });
  }
}
