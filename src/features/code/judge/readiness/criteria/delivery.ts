import { type Criterion, met, missing, NO_HTTP, notApplicable, partly, seenOrMissing, unknown } from '../criterion.ts';
import { isDockerfile } from '../file-roles.ts';
import type { Evidence } from '../judgement.ts';
import { evidenceAt, type Survey, type SurveyedFile } from '../survey.ts';

const API_TESTS =
  /\bsupertest\b|\brequest\(\s{0,4}app\b|\.inject\(|\bTestClient\(|\bAsyncClient\(|\bMockMvc\b|\bTestRestTemplate\b|\bWebTestClient\b|\bRestAssured\b|\bhttptest\.|\btest_client\(\)|\bAPIClient\(|\bAPITestCase\b|\bWebApplicationFactory\b|\bfetch\(|\brequests\.(?:get|post)\(|\bActionDispatch::IntegrationTest\b|\bplaywright\b/g;
const COVERAGE =
  /\bcov-fail-under\b|\bfail_under\b|\bcoverageThreshold\b|\bthresholds\s{0,4}:|\bcheck-coverage\b|--cov\b|\bjacoco\b|\bc8\b|\bnyc\b|\b--coverage\b|\bcodecov\b|\bcoveralls\b|\bSimpleCov\b|-coverprofile|\bcoverlet\b/g;
const LOAD_TESTS =
  /(?:^|\/)(?:load[-_]?tests?|perf(?:ormance)?|bench(?:es|marks?|ing)?|k6|locust|gatling|artillery|jmeter)(?:\/|[^/]{0,40}\.(?:[cm]?[jt]s|py|ya?ml|scala|jmx|go)$)|locustfile\.py$|\.jmx$/i;
const LOAD_LIBRARIES = ['autocannon', 'artillery', 'k6', 'locust', 'gatling-charts-highcharts'];
const RUNS_TESTS =
  /\b(?:npm|pnpm|yarn|bun)\s{1,4}(?:run\s{1,4})?(?:test|check|ci)\b|\bpytest\b|\bmvnw?\b[^\n]{0,80}\b(?:test|verify|install|package)\b|\bgradlew?\b[^\n]{0,80}\b(?:test|check|build)\b|\bgo test\b|\bcargo test\b|\brspec\b|\brails test\b|\bphpunit\b|\bdotnet test\b|\bvitest\b|\bjest\b|\btox\b|\bmake\s{1,4}(?:test|check|ci)\b|\bmix test\b|\bnox\b/g;
const STATIC_CHECKS =
  /\b(?:eslint|biome|prettier|ruff|flake8|pylint|black|mypy|pyright|tsc|checkstyle|spotbugs|spotless|pmd|golangci|go vet|gofmt|clippy|rubocop|phpstan|psalm|ktlint|detekt|oxlint|lint)\b/g;
const STATIC_CHECK_FILES =
  /(?:^|\/)(?:\.?eslint(?:rc|\.config)[^/]*|biome\.jsonc?|\.?prettierrc[^/]*|\.flake8|ruff\.toml|\.?mypy\.ini|pyrightconfig\.json|\.golangci\.ya?ml|checkstyle[^/]*\.xml|\.rubocop\.yml|phpstan[^/]*|detekt\.ya?ml|\.pre-commit-config\.yaml)$/;
const SCANNERS =
  /\b(?:npm audit|pnpm audit|yarn audit|pip-audit|safety check|bandit|trivy|grype|snyk|codeql|dependency-check|govulncheck|cargo audit|cargo deny|brakeman|bundler-audit|semgrep|osv-scanner|gitleaks|trufflehog|dependency-review)\b/gi;
const SCANNER_FILES =
  /(?:^|\/)(?:\.github\/dependabot\.ya?ml|renovate\.json5?|\.renovaterc[^/]*|\.snyk|\.gitleaks\.toml)$/;
const LOCK =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|poetry\.lock|uv\.lock|pdm\.lock|Pipfile\.lock|go\.sum|Gemfile\.lock|Cargo\.lock|composer\.lock|gradle\.lockfile|packages\.lock\.json|mix\.lock)$/;
const LOOSE_REQUIREMENT = /^[ \t]{0,4}[A-Za-z][\w.-]{0,80}(?:\[[\w,-]{1,80}\])?[ \t]{0,4}(?:$|[><~!;])/gm;
const EXACT_REQUIREMENT = /^[ \t]{0,4}[A-Za-z][\w.-]{0,80}(?:\[[\w,-]{1,80}\])?[ \t]{0,4}==/gm;
const FEW_TESTS = 10;

const RELOADS =
  /--reload\b|\bnodemon\b|\bflask run\b|\brunserver\b|\b(?:npm|yarn|pnpm)["',\s]{1,6}(?:run["',\s]{1,6})?(?:dev|start:dev)\b|\bts-node-dev\b|--debug\b|\bnode --watch\b|\bair\b["']?\s{0,4}\]/g;
const LIMITS =
  /^\s{0,24}limits:|\bmem_limit:|\bcpus:|\bmemory\s{0,4}=|--memory\b|\bMemoryMax=|\bmemory_size\b|\bdeploy:\s{0,4}\n\s{1,12}resources:/gm;

/** What stands between a change and production, and what runs there. */
export const DELIVERY: readonly Criterion[] = [
  {
    id: 'tests/exist',
    area: 'tests',
    category: 'reliability',
    severity: 'high',
    title: 'There are tests, in proportion to the code',
    items: ['S1-54', 'S1-55', 'S3-21', 'S3-22', 'S3-105'],
    fix: 'begin with what costs most when it breaks: sign-in, money, what writes data; then each mended fault brings its test',
    verify: 'run the tests, and see them fail when the code they are about is changed',
    judge(survey) {
      const source = survey.files('source').length;
      const tests = survey.files('test').filter(isTestCode);
      if (source === 0) return notApplicable('It has no code that runs.');
      const evidence = tests.slice(0, 3).map(({ path }) => ({ path, line: null, text: '' }));
      if (tests.length === 0) return missing('No test was seen.');
      if (tests.length * FEW_TESTS < source)
        return partly(`${tests.length} test files for ${source} files of code.`, evidence);
      return met(`${tests.length} test files for ${source} files of code.`, evidence);
    },
  },
  {
    id: 'tests/over-http',
    area: 'tests',
    category: 'reliability',
    severity: 'medium',
    title: 'Routes are tested as a client sees them',
    items: ['S1-56', 'S1-57', 'S3-23', 'S3-24'],
    fix: {
      node: 'ask the application through inject or supertest',
      python: 'ask the application through TestClient',
      java: 'ask the application through MockMvc or TestRestTemplate',
      other: 'ask the running application in tests',
    },
    verify: "git grep -lE 'supertest|inject\\(|TestClient|MockMvc|httptest' | head",
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      return seenOrMissing(
        survey.find(API_TESTS, { roles: ['test'] }),
        'Tests ask it over HTTP.',
        'No test was seen that asks it over HTTP.',
      );
    },
  },
  {
    id: 'tests/coverage',
    area: 'tests',
    category: 'reliability',
    severity: 'low',
    title: 'It is measured which lines the tests reach',
    items: ['S1-61', 'S1-113', 'S3-25'],
    fix: 'measure coverage in the pipeline and fail below a floor (the predecessors asked for 70 %)',
    verify: "git grep -nE 'cov-fail-under|coverageThreshold|thresholds|jacoco'",
    judge(survey) {
      if (survey.files('source').length === 0) return notApplicable('It has no code that runs.');
      const seen = survey.find(COVERAGE, {
        roles: ['manifest', 'pipeline', 'settings', 'source', 'other'],
        paths:
          /(?:package\.json|\.ya?ml|\.toml|\.cfg|\.ini|\.coveragerc|pom\.xml|\.gradle(?:\.kts)?|(?:vitest|jest|vite|karma|nyc)[^/]*|Makefile|Jenkinsfile)$/,
      });
      return seenOrMissing(seen, 'It is measured.', 'Nothing was seen that measures it.');
    },
  },
  {
    id: 'tests/load',
    area: 'performance',
    category: 'performance',
    severity: 'medium',
    title: 'It was tried under load',
    items: ['S0-27', 'S0-38', 'S1-60', 'S2-65', 'S2-106'],
    fix: 'keep a load test beside the code (k6, locust, autocannon) with a hundred clients at once, and the figures it must hold',
    verify: "git ls-files | grep -iE 'k6|locust|load|bench'",
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const seen = [...survey.named(LOAD_TESTS), ...survey.declared(LOAD_LIBRARIES)].slice(0, 3);
      return seenOrMissing(
        seen,
        'There is a load test or a bench; whether it is run is for a person to ask.',
        'No load test was seen.',
      );
    },
  },
  {
    id: 'ci/tests',
    area: 'CI',
    category: 'reliability',
    severity: 'high',
    title: 'Every change is tested before it is delivered',
    items: ['S2-66', 'S2-108', 'S3-79', 'S3-85', 'S3-110'],
    fix: 'add a pipeline (.github/workflows, .gitlab-ci.yml) that installs, checks and tests each change, and let nothing in that fails',
    verify: 'ls .github/workflows .gitlab-ci.yml 2>/dev/null; look at the last runs',
    judge(survey) {
      const pipelines = survey.files('pipeline');
      const evidence = pipelines.slice(0, 3).map(({ path }) => ({ path, line: null, text: '' }));
      if (pipelines.length === 0) return missing('No pipeline was seen.');
      const runs = survey.find(RUNS_TESTS, { roles: ['pipeline'] });
      return runs.length > 0
        ? met('A pipeline runs the tests.', runs)
        : partly('There is a pipeline; that it runs tests was not seen.', evidence);
    },
  },
  {
    id: 'ci/static-checks',
    area: 'CI',
    category: 'reliability',
    severity: 'low',
    title: 'Form and types are checked by machines',
    items: ['S2-50', 'S3-90', 'S3-91', 'S3-92', 'S3-94'],
    fix: {
      node: 'run biome or eslint, and tsc, in the pipeline',
      python: 'run ruff and mypy or pyright in the pipeline',
      java: 'run spotless and spotbugs or error-prone in the build',
      other: 'run a linter, a formatter and a type check in the pipeline',
    },
    verify: 'run them: no fault, no warning',
    judge(survey) {
      if (survey.files('source').length === 0) return notApplicable('It has no code that runs.');
      const inPipeline = survey.find(STATIC_CHECKS, { roles: ['pipeline'] });
      if (inPipeline.length > 0) return met('The pipeline runs them.', inPipeline);
      const configured = [
        ...survey.named(STATIC_CHECK_FILES),
        ...survey.find(STATIC_CHECKS, { roles: ['manifest'] }),
      ].slice(0, 3);
      return configured.length > 0
        ? partly('They are set up; that the pipeline runs them was not seen.', configured)
        : missing('None was seen.');
    },
  },
  {
    id: 'ci/known-faults',
    area: 'CI',
    category: 'security',
    severity: 'medium',
    title: 'Known faults of dependencies and of the code are looked for',
    items: ['S2-51', 'S2-76', 'S3-93', 'S3-140', 'S3-141'],
    fix: 'add dependabot or renovate, and a scanner of dependencies and code (npm audit, pip-audit, trivy, CodeQL) to the pipeline',
    verify: 'npm audit --omit=dev || pip-audit || mvn org.owasp:dependency-check-maven:check',
    judge(survey) {
      if (survey.files('manifest').length === 0) return notApplicable('It declares no dependencies.');
      const seen = [
        ...survey.named(SCANNER_FILES),
        ...survey.find(SCANNERS, {
          roles: ['pipeline', 'manifest', 'settings', 'other'],
          paths: /^(?!.*\.(?:md|svg|html?|[cm]?[jt]sx?|py|java|go)$)/,
        }),
      ].slice(0, 3);
      return seenOrMissing(seen, 'Something looks for them.', 'Nothing was seen that looks for them.');
    },
  },
  {
    id: 'ci/exact-dependencies',
    area: 'CI',
    category: 'reliability',
    severity: 'medium',
    title: 'What is tested is what is delivered, to the version of each dependency',
    items: ['S0-9', 'S2-132', 'S3-140'],
    fix: {
      node: 'commit the lock file and install with `npm ci`',
      python: 'commit a lock (uv.lock, poetry.lock) or pin every requirement with ==',
      other: 'commit the lock file and install from it',
    },
    verify: 'git ls-files | grep -E "lock|go.sum|requirements"',
    judge(survey, { ecosystem }) {
      if (survey.files('manifest').length === 0) return notApplicable('It declares no dependencies.');
      const locks = [
        ...survey.named(LOCK),
        ...[...survey.skipped].filter((path) => LOCK.test(path)).map((path) => ({ path, line: null, text: '' })),
      ].slice(0, 3);
      if (locks.length > 0) return met('A lock file says each version.', locks);
      if (ecosystem === 'java')
        return met(
          'Maven and Gradle take the versions that the build names.',
          survey
            .files('manifest')
            .slice(0, 1)
            .map(({ path }) => ({ path, line: null, text: '' })),
        );
      const where = { roles: ['manifest'], paths: /requirements[^/]*\.txt$/ } as const;
      const loose = survey.find(LOOSE_REQUIREMENT, where);
      const exact = survey.find(EXACT_REQUIREMENT, where);
      if (exact.length > 0 && loose.length === 0) return met('Each requirement names its exact version.', exact);
      return missing('There is no lock file, and versions are left open.', loose);
    },
  },
  {
    id: 'containers/image',
    area: 'containers',
    category: 'reliability',
    severity: 'medium',
    title: 'It is built the same way everywhere',
    items: ['S1-114', 'S3-17', 'S3-80'],
    fix: 'add a Dockerfile in two stages: one that builds, one with nothing but what runs',
    verify: 'docker build .',
    judge(survey, { servesHttp, images }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      if (images.length > 0) return met('An image is built here.', images);
      const others = survey.named(
        /(?:^|\/)(?:Procfile|project\.toml|fly\.toml|render\.yaml|serverless\.ya?ml|flake\.nix|[^/]+\.service|app\.ya?ml)$/,
      );
      return others.length > 0
        ? met('It is built and run as this says.', others)
        : unknown('No image and no other description of how it is built and run was seen.');
    },
  },
  {
    id: 'containers/ordinary-user',
    area: 'containers',
    category: 'security',
    severity: 'high',
    title: 'In its container it is not root',
    items: ['S1-70'],
    fix: 'end the Dockerfile’s last stage with `USER 1000` (or the base image’s own user), or set runAsNonRoot in Kubernetes',
    verify: 'docker run --rm --entrypoint id <image>  # uid is not 0',
    judge(survey, { images }) {
      const files = survey.files('container').filter(({ path }) => isDockerfile(path));
      if (images.length === 0 || files.length === 0) return notApplicable('No image is built.');
      const roots = files.filter((file) => !hasOrdinaryUser(file));
      const deployed = survey.find(/\brunAsNonRoot:\s{0,4}true|^\s{0,12}user:\s{0,4}["']?(?!0|root)[\w:]{1,40}/gm, {
        roles: ['deployment', 'other'],
      });
      if (roots.length === 0) return met('The last stage names another user.', files.flatMap(lastUser).slice(0, 3));
      if (deployed.length > 0) return met('The deployment names another user.', deployed);
      return missing('The last stage runs as root.', roots.flatMap(lastFrom).slice(0, 3));
    },
  },
  {
    id: 'containers/small',
    area: 'containers',
    category: 'security',
    severity: 'low',
    title: 'The image holds what runs and nothing else, from a base of a known version',
    items: ['S1-68', 'S1-69'],
    fix: 'build in one stage and copy only the result into another; name the base with its version (or digest), not `latest`; keep a .dockerignore',
    verify: 'docker history <image>; docker run --rm --entrypoint sh <image> -c "which gcc git npm"',
    judge(survey, { images }) {
      const files = survey.files('container').filter(({ path }) => isDockerfile(path));
      if (images.length === 0 || files.length === 0) return notApplicable('No image is built.');
      const loose = survey
        .find(
          /^FROM\s{1,4}(?:--platform=\S{1,40}\s{1,4})?(?!scratch\b)(?:[\w./-]{1,200}:latest\b|[\w./-]{1,200}(?=\s{0,4}$|\s{1,4}AS\b))/gim,
          { roles: ['container'] },
        )
        .filter(({ text }) => !isStage(survey, text));
      if (loose.length > 0) return missing('A base has no version.', loose);
      const single = files.filter(({ text }) => (text.match(/^FROM\s/gim) ?? []).length === 1);
      if (single.length > 0)
        return partly('Built in one stage: what was needed to build is in it.', single.flatMap(lastFrom).slice(0, 3));
      return met('Built in stages, from bases with a version.', files.flatMap(lastFrom).slice(0, 3));
    },
  },
  {
    id: 'containers/no-reload',
    area: 'containers',
    category: 'performance',
    severity: 'high',
    title: 'What runs in production is not the developers’ server',
    items: ['S1-71', 'S1-72'],
    fix: {
      python: 'start gunicorn or uvicorn with workers and without --reload',
      node: 'start the built program with node itself',
      other: 'start the built program, without reloading or debugging',
    },
    verify: 'docker inspect --format "{{.Config.Cmd}} {{.Config.Entrypoint}}" <image>',
    judge(survey, { images, deployments }) {
      if (images.length + deployments.length === 0) return notApplicable('How it is started is not in the code base.');
      const seen = survey.find(RELOADS, {
        roles: ['container', 'deployment'],
        paths: /^(?!.*(?:dev|local|test|override))/i,
      });
      return seen.length > 0
        ? missing('It is started in the developers’ way.', seen)
        : met('It was not seen to be started in the developers’ way.', [...images, ...deployments].slice(0, 3));
    },
  },
  {
    id: 'containers/limits',
    area: 'containers',
    category: 'performance',
    severity: 'medium',
    title: 'Its memory and processors are bounded',
    items: ['S1-73', 'S1-74'],
    fix: 'set limits and reservations in compose (`deploy.resources`) or Kubernetes (`resources`)',
    verify: 'docker inspect --format "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}" <container>  # not 0',
    judge(survey, { deployments, servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const roles = ['deployment', 'settings', 'other'] as const;
      const seen = survey.find(LIMITS, { roles, paths: /\.(?:ya?ml|tf|toml|service|json)$/ });
      if (seen.length > 0) return met('They are bounded here.', seen);
      if (deployments.length === 0) return unknown('How it is run is not in the code base.');
      return missing('The deployment sets no bounds.', deployments);
    },
  },
];

function isTestCode({ path }: SurveyedFile): boolean {
  return /\.(?:[cm]?[jt]sx?|py|java|kt|kts|scala|groovy|go|rb|php|cs|fs|rs|swift|exs?|feature)$/.test(path);
}

function hasOrdinaryUser(file: SurveyedFile): boolean {
  const last = file.text.slice([...file.text.matchAll(/^FROM\s/gim)].at(-1)?.index ?? 0);
  const users = [...last.matchAll(/^USER\s{1,4}(\S{1,80})/gim)].map((match) => match[1] ?? '');
  const user = users.at(-1);
  if (user === undefined) return /(?:distroless[^\n]{0,80}nonroot|:nonroot\b|-unprivileged\b)/.test(last);
  return !/^(?:root|0)(?::|$)/.test(user);
}

function lastUser(file: SurveyedFile): Evidence[] {
  return linesOf(file, /^USER\s/gim).slice(-1);
}

function lastFrom(file: SurveyedFile): Evidence[] {
  return linesOf(file, /^FROM\s/gim).slice(-1);
}

function linesOf(file: SurveyedFile, pattern: RegExp): Evidence[] {
  return [...file.text.matchAll(pattern)].map((match) => evidenceAt(file, match.index));
}

/** `FROM build` names a stage of the same file. */
function isStage(survey: Survey, line: string): boolean {
  const base = /^FROM\s+(?:--platform=\S+\s+)?(\S+)/i.exec(line)?.[1]?.toLowerCase();
  const stages = survey.find(/\bAS\s{1,4}[\w.-]{1,80}/gi, { roles: ['container'], most: 200 });
  return stages.some(({ text }) => text.toLowerCase().endsWith(` as ${base}`));
}
