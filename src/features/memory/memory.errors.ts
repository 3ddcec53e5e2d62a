import { defineErrors } from '../../platform/http/errors.ts';

export const memoryErrors = defineErrors('MEMORY', {
  notFound: { number: 1, kind: 'not-found', title: 'Memory not found', example: 'There is no memory with this id.' },
  forbidden: {
    number: 2,
    kind: 'forbidden',
    title: 'Not your memory',
    example: 'This memory belongs to another user.',
  },
  sessionNotFound: {
    number: 3,
    kind: 'not-found',
    title: 'Session not found',
    example: 'There is no session with this id. For conversations of another program use conversation_id.',
  },
  otherTenant: {
    number: 4,
    kind: 'not-found',
    title: 'Tenant not found',
    example: 'There is no tenant with this id for you. Leave tenant_id out: the credential says whose memory it is.',
  },
  metadataTooLarge: {
    number: 5,
    kind: 'invalid',
    title: 'Metadata too large',
    example: 'metadata is nested more than 4 levels deep',
  },
  factNotFound: { number: 6, kind: 'not-found', title: 'Fact not found', example: 'There is no fact with this id.' },
  conversationNotFound: {
    number: 7,
    kind: 'not-found',
    title: 'Conversation not found',
    example: 'Nothing is remembered of a conversation with this id.',
  },
  retentionUnderWay: {
    number: 20,
    kind: 'conflict',
    title: 'Retention under way',
    example: 'Retention is being applied in this tenant already. Wait for its end: run_id names it.',
  },
  retentionRuleNotFound: {
    number: 21,
    kind: 'not-found',
    title: 'Rule not found',
    example: 'There is no retention rule with this id.',
  },
  retentionRunNotFound: {
    number: 22,
    kind: 'not-found',
    title: 'Retention run not found',
    example: 'There is no run of retention with this id.',
  },
});

/** Why a memory has no vector yet, as its `embedding_error` says; these are not answers to a request. */
export const embeddingFaults = {
  noEmbedder: {
    code: 'ERR_EMBEDDING_001',
    detail: 'No embedding model is configured. The memory is found by its words; it is embedded once there is one.',
  },
  unavailable: {
    code: 'ERR_EMBEDDING_002',
    detail: 'The embedding model does not answer. The memory is found by its words; it is tried again.',
  },
  refused: {
    code: 'ERR_EMBEDDING_003',
    detail: 'The embedding model does not take this text. The memory is found by its words.',
  },
} as const;
