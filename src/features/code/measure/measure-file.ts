import type { CodeFile } from '../analysis.ts';
import { type Language, languageOf } from './languages.ts';
import type { FileMetrics, FunctionMetrics } from './metrics.ts';
import { roleOf } from './roles.ts';
import type { StructureReader } from './structure/parse.ts';
import { scanFunctions } from './structure/scan-functions.ts';
import type { Structure } from './structure/structure.ts';
import { countLines } from './tokens/lines.ts';
import { scan, type Token } from './tokens/scan.ts';

/** A file with all that is known of it: what rules read. */
export type MeasuredFile = {
  readonly file: CodeFile;
  readonly language: Language;
  readonly metrics: FileMetrics;
  readonly functions: readonly FunctionMetrics[];
  readonly tokens: readonly Token[];
  /** Why its functions could not be read; null where they were. */
  readonly failed: string | null;
};

const NOTHING: Structure = { functions: [], classes: 0 };

/** Measures one file; null where its language is not known. A file that breaks its parser has its lines counted, no more. */
export async function measureFile(
  file: CodeFile,
  reader: StructureReader,
  parsedBytes: number,
): Promise<MeasuredFile | null> {
  const language = languageOf(file.path);
  if (!language) return null;
  const role = roleOf(file.path, file.text);
  const tokens = language.program ? scan(file.text, language.syntax) : [];
  const { structure, reading, failed } = await readStructure(file, language, tokens, reader, parsedBytes);
  const functions = structure.functions.map((found) => ({
    path: file.path,
    ...found,
    lines: found.endLine - found.line + 1,
  }));
  const lineTokens = language.program ? tokens : scan(file.text, language.syntax);
  const metrics: FileMetrics = {
    path: file.path,
    language: language.name,
    reading,
    role,
    files: 1,
    bytes: file.bytes,
    ...countLines(file.text, lineTokens, language.syntax === 'python'),
    functions: functions.length,
    classes: structure.classes,
    maxComplexity: functions.reduce((most, { complexity }) => Math.max(most, complexity), 0),
    complexity: functions.reduce((sum, { complexity }) => sum + complexity, 0),
  };
  return { file, language, metrics, functions, tokens, failed };
}

type Read = { structure: Structure; reading: FileMetrics['reading']; failed: string | null };

async function readStructure(
  file: CodeFile,
  { grammar, functionWord }: Language,
  tokens: readonly Token[],
  reader: StructureReader,
  parsedBytes: number,
): Promise<Read> {
  if (!grammar && !functionWord) return { structure: NOTHING, reading: 'lines', failed: null };
  if (file.bytes > parsedBytes) {
    return {
      structure: NOTHING,
      reading: 'lines',
      failed: `larger than ${parsedBytes} bytes: only its lines are counted`,
    };
  }
  if (!grammar)
    return { structure: scanFunctions(file.text, tokens, functionWord ?? ''), reading: 'scanned', failed: null };
  try {
    return { structure: await reader.read(file.text, grammar), reading: 'parsed', failed: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { structure: NOTHING, reading: 'lines', failed: `not parsed: ${reason.slice(0, 200)}` };
  }
}
