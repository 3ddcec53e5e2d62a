import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { endWithTests } from '../keeper.ts';
import { untilListening } from '../listening.ts';
import { firstProgram } from '../programs.ts';

const DEPLOY = new URL('../../../deploy/', import.meta.url).pathname;

/** A proxy as `deploy/` configures it, in front of servers of a test's own. */
export type RunningProxy = {
  /** `https://localhost:port`; its certificate is nobody's. */
  url: string;
  /** Where it answers without TLS. */
  plain: string;
  /** The same as `url` without TLS, for clients that trust nobody: of nginx alone. */
  inside: string;
  log(): string;
  stop(): Promise<void>;
};

export type ProxyKind = { name: 'nginx' | 'caddy'; program: string | null };

/** Debian keeps nginx where only root looks for programs. */
export const proxyKinds: readonly ProxyKind[] = [
  { name: 'nginx', program: firstProgram('nginx') ?? firstProgram('../sbin/nginx') },
  { name: 'caddy', program: firstProgram('caddy') },
];

/** `ports`: where the servers listen, on 127.0.0.1. */
export async function startProxy({ name, program }: ProxyKind, ports: readonly number[]): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), `parley-${name}-`));
  const [secure, plain, inside] = [await freePort(), await freePort(), await freePort()];
  const place = { folder, secure, plain, inside, ports };
  const { args, env } = name === 'nginx' ? await prepareNginx(place) : await prepareCaddy(place);
  const child = spawn(program ?? name, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithTests(child);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (log += text));
  await untilListening(child, secure, () => log);
  return {
    url: `https://localhost:${secure}`,
    plain: `http://localhost:${plain}`,
    inside: `http://127.0.0.1:${inside}`,
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Place = { folder: string; secure: number; plain: number; inside: number; ports: readonly number[] };
type Start = { args: string[]; env: Record<string, string> };

/** `deploy/nginx/parley.conf` with our ports, servers and certificate, in the smallest frame that nginx takes. */
async function prepareNginx({ folder, secure, plain, inside, ports }: Place): Promise<Start> {
  const [key, certificate] = [join(folder, 'privkey.pem'), join(folder, 'fullchain.pem')];
  const subject = ['-subj', '/CN=localhost', '-days', '1', '-nodes'];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', ...subject];
  await promisify(execFile)('openssl', [...made, '-keyout', key, '-out', certificate]);
  const servers = ports.map((port) => `server 127.0.0.1:${port} max_fails=2 fail_timeout=5s;`).join('\n    ');
  const shipped = await readFile(join(DEPLOY, 'nginx/parley.conf'), 'utf8');
  const own = replaceAll(shipped, [
    [/^ {4}listen \[::\].*\n/gm, ''],
    ['listen 80;', `listen 127.0.0.1:${plain};`],
    ['listen 443 ssl', `listen 127.0.0.1:${inside};\n    listen 127.0.0.1:${secure} ssl`],
    ['server 127.0.0.1:8000 max_fails=2 fail_timeout=5s;', servers],
    ['/etc/ssl/parley/fullchain.pem', certificate],
    ['/etc/ssl/parley/privkey.pem', key],
    [/server_name chat\.example\.com;/g, 'server_name localhost;'],
  ]);
  await writeFile(join(folder, 'parley.conf'), own);
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const temporary = kinds.map((kind) => `${kind}_temp_path ${join(folder, kind)};`).join(' ');
  const frame = `daemon off; pid ${join(folder, 'pid')}; error_log stderr;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 1024; }
http { access_log off; ${temporary} include ${join(folder, 'parley.conf')}; }
`;
  await writeFile(join(folder, 'nginx.conf'), frame);
  return { args: ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], env: {} };
}

/** `deploy/caddy/Caddyfile` by its own variables; its own authority signs the certificate, as it does for localhost. */
async function prepareCaddy({ folder, secure, plain, ports }: Place): Promise<Start> {
  const shipped = await readFile(join(DEPLOY, 'caddy/Caddyfile'), 'utf8');
  const options = `{
	admin off
	http_port ${plain}
	https_port ${secure}
	skip_install_trust
}
`;
  await writeFile(join(folder, 'Caddyfile'), options + shipped);
  return {
    args: ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'],
    env: {
      HOME: folder,
      XDG_DATA_HOME: folder,
      PARLEY_HOST: 'localhost',
      PARLEY_UPSTREAMS: `to ${ports.map((port) => `127.0.0.1:${port}`).join(' ')}`,
    },
  };
}

/** @throws Error when the shipped file has not what is to be replaced */
function replaceAll(text: string, changes: readonly (readonly [string | RegExp, string])[]): string {
  return changes.reduce((before, [what, by]) => {
    const after = before.replace(what, () => by);
    if (after === before) throw new Error(`The shipped configuration has no ${what}.`);
    return after;
  }, text);
}
