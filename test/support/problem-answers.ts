import { expect } from 'vitest';
import type { Problem } from '../../src/platform/http/problem.ts';

/** An answer in JSON: a problem document where something was refused. */
export type ProblemAnswer = { status: number; problem: Problem; headers: Headers };

export async function fetchProblem(address: string, init: RequestInit = {}): Promise<ProblemAnswer> {
  const response = await fetch(address, init);
  return { status: response.status, headers: response.headers, problem: (await response.json()) as Problem };
}

/** Every member that a problem document must have, and no other. */
export function expectProblem(answer: ProblemAnswer, expected: { status: number; code: string }): void {
  const { status, problem, headers } = answer;
  expect([status, problem.code]).toEqual([expected.status, expected.code]);
  expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(problem).toEqual({
    type: `/docs/errors#${expected.code}`,
    title: expect.any(String),
    status: expected.status,
    detail: expect.any(String),
    code: expected.code,
    request_id: headers.get('x-request-id'),
    ...(problem.errors && { errors: expect.any(Array) }),
  });
}
