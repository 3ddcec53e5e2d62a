/** The part of SARIF 2.1.0 (OASIS, errata 01) that reports here write. */
export type SarifLevel = 'none' | 'note' | 'warning' | 'error';

export type SarifRule = {
  id: string;
  shortDescription: { text: string };
  help: { text: string };
  defaultConfiguration: { level: SarifLevel };
  properties: { tags: readonly string[]; [name: string]: unknown };
};

export type SarifResult = {
  ruleId: string;
  ruleIndex: number;
  kind: 'fail' | 'open' | 'review';
  /** Only a failure may have another level than none (§3.27.10). */
  level: SarifLevel;
  message: { text: string };
  locations: readonly {
    physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } };
    logicalLocations?: readonly { fullyQualifiedName: string }[];
  }[];
  fingerprints?: Readonly<Record<string, string>>;
  partialFingerprints?: Readonly<Record<string, string>>;
  suppressions?: readonly { kind: 'external'; status: 'accepted'; justification: string }[];
};

export type SarifRun = {
  tool: { driver: { name: string; version: string; rules: readonly SarifRule[] } };
  invocations: readonly {
    executionSuccessful: boolean;
    startTimeUtc?: string;
    endTimeUtc?: string;
    properties: Readonly<Record<string, unknown>>;
  }[];
  results: readonly SarifResult[];
};

export function sarifLog(run: SarifRun): string {
  const log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] };
  return `${JSON.stringify(log, null, 2)}\n`;
}
