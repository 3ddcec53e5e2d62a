import { expect, test } from 'vitest';
import { rewriteUrl } from './url-rewrites.ts';

test.each([
  ['/api/v2/auth/login', '/v1/auth/login'],
  ['/api/v1/sessions?limit=1', '/v1/sessions?limit=1'],
  ['/api/repositories/', '/v1/repositories/'],
  ['/api/analyses?repository_id=1', '/v1/analyses?repository_id=1'],
  ['/api/analyses/0190-a/pdf', '/v1/analyses/0190-a/report?format=pdf'],
  ['/api/analyses/0190-a/pdf?download=1', '/v1/analyses/0190-a/report?format=pdf&download=1'],
  ['/api/analyses/0190-a/pdfs', '/v1/analyses/0190-a/pdfs'],
  ['/api/analyses/0190-a', '/v1/analyses/0190-a'],
  ['/api/analysesx', '/api/analysesx'],
  ['/v1/ws/messages/acme?api_key=k', '/v1/ws/memory?tenant_id=acme&api_key=k'],
])('%s leads to %s', (old, now) => {
  expect(rewriteUrl({ url: old })).toBe(now);
});
