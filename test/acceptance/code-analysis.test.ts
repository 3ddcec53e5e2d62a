import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiClient } from '../support/api-client.ts';
import { buildZip } from '../support/build-zip.ts';
import { runParley } from '../support/command.ts';
import { installInto, type ParleyProcess, startParley } from '../support/parley-process.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';

const TIMEOUT_MS = 240_000;
const ENDED = new Set(['completed', 'failed', 'cancelled']);

/** A small program with one fault that nobody can overlook. */
const CODE = {
  'package.json': JSON.stringify({ name: 'shop', dependencies: { express: '4.21.2' } }),
  'src/app.js': "import express from 'express';\n\nexport const app = express();\n",
  'src/pay.js': `import { execSync } from 'node:child_process';\n\nexport function pay(card) {\n  return execSync('pay ' + card);\n}\n\nexport const run = (text) => eval(text);\n`,
};

type Finding = { id: string; rule: string; severity: string; path: string; line: number; status: string };

describe('analysis of code, as its users meet it', { timeout: TIMEOUT_MS }, () => {
  let folder: string;
  let parley: ParleyProcess;
  let address: string;
  let ada: ApiClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-code-'));
    const credential = await installInto(join(folder, 'data'));
    parley = startParley({ ...RAISED_LIMITS, DATA_DIR: join(folder, 'data') });
    address = await parley.address();
    ada = await ApiClient.login(address, credential);
  }, TIMEOUT_MS);
  afterAll(async () => {
    await parley.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('an archive is uploaded, analysed, triaged and reported in each form', async () => {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(buildZip(CODE))]), 'shop.zip');
    const { id: repository_id } = await ada.post<{ id: string }>('/v1/repositories', form);
    const { id } = await ada.post<{ id: string }>('/v1/analyses', { repository_id });
    const ended = await ada.until<{ status: string }>(`/v1/analyses/${id}`, ({ status }) => ENDED.has(status));
    expect(ended).toMatchObject({ status: 'completed', error: null });

    const { data } = await ada.get<{ data: Finding[] }>(`/v1/analyses/${id}/findings?limit=100`);
    const places = data.map(({ path, line }) => `${path}:${line}`);
    expect(places).toEqual(expect.arrayContaining(['src/pay.js:4', 'src/pay.js:7']));
    const worst = data.find(({ path, line }) => path === 'src/pay.js' && line === 7);
    await ada.patch(`/v1/findings/${worst?.id}`, { status: 'accepted', note: 'Only in tests.' });

    const report = async (format: string) => {
      const answer = await ada.raw(`/v1/analyses/${id}/report?format=${format}`);
      expect(answer.status).toBe(200);
      return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
    };
    const forms = { json: 'application/json', sarif: 'application/sarif+json', markdown: 'text/markdown' };
    for (const [format, type] of Object.entries({ ...forms, html: 'text/html', pdf: 'application/pdf' })) {
      const { answer, bytes } = await report(format);
      expect(answer.headers.get('content-type')).toContain(type);
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="parley-shop[\w.-]*"$/);
      if (format === 'pdf') expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
      else expect(bytes.toString()).toContain('src/pay.js');
      expect((await report(format)).bytes.equals(bytes)).toBe(true);
    }
    expect((await report('markdown')).bytes.toString()).toContain('Only in tests.');
    expect((await ada.raw(`/v1/analyses/${id}/report?format=docx`)).status).toBe(422);
  });

  test('`parley assess` tells it in a terminal, and ends a pipeline where it is asked to', async () => {
    const code = join(folder, 'shop');
    for (const [path, text] of Object.entries(CODE)) {
      await mkdir(join(code, path, '..'), { recursive: true });
      await writeFile(join(code, path), text);
    }
    const settings = { DATA_DIR: join(folder, 'none') };
    const told = await runParley(['assess', code], settings);
    expect(told).toMatchObject({ code: 0, err: '' });
    expect(told.out).toMatch(/^ {2}[A-E] {2}overall +\d+\.\d$/m);
    expect(told.out).toMatch(/src\/pay\.js:7 /);
    const failed = await runParley(['assess', code, '--format', 'sarif', '--fail-on', 'high'], settings);
    expect(failed.code).toBe(2);
    const { version, runs } = JSON.parse(failed.out);
    expect(version).toBe('2.1.0');
    expect(runs[0].results.length).toBeGreaterThan(1);
    const refused = await runParley(['assess', join(folder, 'nowhere')], settings);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toMatch(/There is nothing at/);
  });
});
