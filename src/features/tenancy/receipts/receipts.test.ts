import { describe, expect, test } from 'vitest';
import { createReceipts } from './receipts.ts';

const content = {
  kind: 'session',
  subject: '0197a3c0-0000-7000-8000-000000000001',
  tenant: 'acme',
  deleted: { messages: 2, memories: 1 },
  deleted_at: '2026-11-25T10:00:00.000Z',
  deleted_by: null,
};

describe('a receipt', () => {
  const receipts = createReceipts('a secret of this test');

  test('is genuine at every replica, whatever the order of its members', () => {
    const { id, signature, ...rest } = receipts.issue(content);
    const shuffled = { signature, ...rest, deleted: { memories: 1, messages: 2 }, id };
    expect(createReceipts('a secret of this test').isGenuine(shuffled)).toBe(true);
  });

  test('that anybody changed, or another installation issued, is not', () => {
    const receipt = receipts.issue(content);
    expect(receipts.isGenuine({ ...receipt, deleted: { messages: 3, memories: 1 } })).toBe(false);
    expect(receipts.isGenuine({ ...receipt, tenant: 'globex' })).toBe(false);
    expect(receipts.isGenuine({ ...receipt, signature: 'AAAA' })).toBe(false);
    expect(createReceipts('another secret').isGenuine(receipt)).toBe(false);
  });
});
