import type { Evidence } from './judgement.ts';

/** A line that brings in a module: `express`, `fastapi.middleware.cors`, `org.springframework.web.bind.annotation.RestController`. */
export type Import = { module: string; evidence: Evidence };

const IMPORTS: readonly { files: RegExp; line: RegExp }[] = [
  {
    files: /\.(?:[cm]?[jt]sx?|vue|svelte)$/,
    line: /(?:\bfrom\s{0,4}|\bimport\s{0,4}\(?\s{0,4}|\brequire\(\s{0,4})['"]([^'"\n]{1,200})['"]/g,
  },
  { files: /\.py$/, line: /^[ \t]{0,40}(?:from|import)[ \t]{1,4}([\w.]{1,200})/gm },
  {
    files: /\.(?:java|kt|kts|scala|groovy)$/,
    line: /^[ \t]{0,8}import[ \t]{1,4}(?:static[ \t]{1,4})?([\w.]{1,200})/gm,
  },
  { files: /\.go$/, line: /^[ \t]{0,8}(?:import[ \t]{1,4})?(?:[\w.]{1,60}[ \t]{1,4})?"([^"\n]{1,200})"[ \t]{0,4}$/gm },
  { files: /\.rb$/, line: /^[ \t]{0,8}require(?:_relative)?[ \t(]{1,4}['"]([^'"\n]{1,200})['"]/gm },
  { files: /\.cs$/, line: /^[ \t]{0,8}(?:global )?using[ \t]{1,4}(?:static )?([\w.]{1,200})/gm },
  { files: /\.rs$/, line: /^[ \t]{0,8}(?:pub )?use[ \t]{1,4}([\w:]{1,200})/gm },
  { files: /\.php$/, line: /^[ \t]{0,8}use[ \t]{1,4}([\w\\]{1,200})/gm },
];

export function importPatternOf(path: string): RegExp | null {
  return IMPORTS.find(({ files }) => files.test(path))?.line ?? null;
}

const SEPARATORS = ['/', '.', '::', '\\'];

/** Whether a module is the named one or inside of it. */
export function isWithin(module: string, name: string): boolean {
  if (!module.startsWith(name)) return false;
  return module.length === name.length || SEPARATORS.some((mark) => module.startsWith(mark, name.length));
}

/** A dependency that a manifest names: `express`, `org.springframework.boot:spring-boot-starter-web` by its last part, too. */
export type Dependency = { name: string; evidence: Evidence };

const DECLARATIONS: readonly { files: RegExp; line: RegExp }[] = [
  { files: /(?:package|composer)\.json$/, line: /^\s{0,40}"(@?[\w./-]{1,120})"\s{0,4}:\s{0,4}"[^"\n]{0,200}"/gm },
  { files: /requirements[^/]*\.(?:txt|in)$/, line: /^[ \t]{0,8}([\w.-]{1,120})(?=[ \t]*(?:\[|[=<>~!;@]|$))/gm },
  {
    files: /pyproject\.toml$|Pipfile$|setup\.(?:py|cfg)$/,
    line: /^[ \t]{0,16}["']?([A-Za-z][\w.-]{0,120})["']?(?=[ \t]*(?:\[|[=<>~!;@,"']|$))/gm,
  },
  { files: /pom\.xml$/, line: /<artifactId>\s{0,8}([\w.-]{1,120})\s{0,8}<\/artifactId>/g },
  { files: /\.gradle(?:\.kts)?$/, line: /['"][\w.-]{1,120}:([\w.-]{1,120})(?::[^'"\n]{0,80})?['"]/g },
  { files: /libs\.versions\.toml$/, line: /['"][\w.-]{1,120}:([\w.-]{1,120})['"]/g },
  { files: /go\.mod$/, line: /^\s{0,8}(?:require[ \t]{1,4})?([\w.-]{1,80}\.[a-z]{2,10}\/[\w./-]{1,160})[ \t]{1,4}v/gm },
  { files: /Gemfile$/, line: /^\s{0,8}gem[ \t(]{1,4}['"]([\w-]{1,120})['"]/gm },
  { files: /Cargo\.toml$/, line: /^([\w-]{1,120})[ \t]{0,4}=/gm },
  { files: /\.(?:cs|fs)proj$/, line: /<PackageReference\s{1,8}Include="([\w.]{1,120})"/g },
  { files: /mix\.exs$/, line: /\{:(\w{1,120}),/g },
];

export function declarationPatternOf(path: string): RegExp | null {
  return DECLARATIONS.find(({ files }) => files.test(path))?.line ?? null;
}
