const text = { type: 'string' };
const object = (required: readonly string[], properties: Record<string, unknown>) => ({
  type: 'object',
  required,
  properties,
  additionalProperties: false,
});
const list = (items: unknown) => ({ type: 'array', items });
const unique = (items: unknown) => ({ type: 'array', items, uniqueItems: true });
const bag = { type: 'object', properties: { tags: unique(text) } };
const level = { enum: ['none', 'note', 'warning', 'error'] };
const message = object(['text'], { text });
/** The part of the schema of SARIF 2.1.0 (OASIS, errata 01) that we write, with the numbers of its sections. */
export const SARIF = object(['version', 'runs'], {
  $schema: { type: 'string', format: 'uri' },
  version: { const: '2.1.0' },
  runs: list(
    // §3.14
    object(['tool'], {
      // §3.18, §3.19
      tool: object(['driver'], {
        driver: object(['name'], {
          name: text,
          version: text,
          // §3.49
          rules: unique(
            object(['id'], {
              ...{ id: text, shortDescription: message, help: message, properties: bag },
              defaultConfiguration: object([], { level }),
            }),
          ),
        }),
      }),
      // §3.20
      invocations: list(
        object(['executionSuccessful'], {
          executionSuccessful: { type: 'boolean' },
          startTimeUtc: { type: 'string', format: 'date-time' },
          endTimeUtc: { type: 'string', format: 'date-time' },
          properties: bag,
        }),
      ),
      // §3.27
      results: list(
        object(['message'], {
          ...{ ruleId: text, ruleIndex: { type: 'integer', minimum: -1 }, level, message: object(['text'], { text }) },
          kind: { enum: ['notApplicable', 'pass', 'fail', 'review', 'open', 'informational'] },
          fingerprints: { type: 'object', additionalProperties: text },
          partialFingerprints: { type: 'object', additionalProperties: text },
          // §3.28, §3.29, §3.33
          locations: list(
            object([], {
              physicalLocation: object([], {
                artifactLocation: object([], { uri: { type: 'string', format: 'uri-reference' } }),
                region: object([], { startLine: { type: 'integer', minimum: 1 } }),
              }),
              logicalLocations: unique(object([], { fullyQualifiedName: text })),
            }),
          ),
          // §3.35
          suppressions: unique(
            object(['kind'], {
              kind: { enum: ['inSource', 'external'] },
              status: { enum: ['accepted', 'underReview', 'rejected'] },
              justification: text,
            }),
          ),
        }),
      ),
    }),
  ),
});
