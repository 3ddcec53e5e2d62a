/** What a file is for, by its path alone. */
export type FileRole =
  | 'source'
  | 'test'
  /** What runs in a browser or on a phone: it asks, and answers nobody. */
  | 'client'
  /** What developers run. */
  | 'tool'
  | 'manifest'
  | 'lock'
  | 'pipeline'
  | 'container'
  | 'deployment'
  | 'settings'
  | 'migration'
  | 'document'
  | 'other';

const SOURCE = /\.(?:[cm]?[jt]sx?|py|java|kt|kts|scala|groovy|go|rb|php|cs|fs|rs|swift|vue|svelte|ex|exs)$/;
const TEST =
  /(?:^|\/)(?:tests?|__tests__|spec|specs|e2e|testdata|fixtures|mocks|__mocks__|cypress)\/|(?:^|\/)(?:test_[^/]*|conftest|[^/]*_test)\.(?:py|go|exs?)$|\.(?:test|spec|e2e|cy)\.[cm]?[jt]sx?$|(?:Test|Tests|IT|Spec)\.(?:java|kt|scala|groovy|cs)$|_(?:spec|test)\.rb$|Test\.php$/;
/** Neither what runs nor what proves: nothing in them says how the program behaves. */
const ASIDE =
  /(?:^|\/)(?:examples?|samples?|demos?|docs?|documentation|vendor|third_party|node_modules|benchmarks?|bench|dist|build|out|target|coverage|public|static|generated|\.venv|venv)\//;
const CLIENT = /(?:^|\/)(?:frontend|client|webapp|ui|console|www|mobile)\/.*\.(?:[cm]?[jt]sx?|vue|svelte)$/;
const TOOL = /(?:^|\/)(?:scripts?|tools?|hack)\/.*\.\w{1,8}$/;
const MANIFEST =
  /(?:^|\/)(?:package\.json|requirements[^/]*\.(?:txt|in)|pyproject\.toml|setup\.(?:py|cfg)|Pipfile|pom\.xml|build\.gradle(?:\.kts)?|libs\.versions\.toml|go\.mod|Gemfile|Cargo\.toml|composer\.json|[^/]+\.(?:csproj|fsproj)|mix\.exs)$/;
const LOCK =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|poetry\.lock|uv\.lock|pdm\.lock|Pipfile\.lock|go\.sum|Gemfile\.lock|Cargo\.lock|composer\.lock|packages\.lock\.json|gradle\.lockfile|mix\.lock)$/;
const PIPELINE =
  /^(?:\.github\/workflows\/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml|\.circleci\/config\.ya?ml|Jenkinsfile|azure-pipelines\.ya?ml|bitbucket-pipelines\.ya?ml|\.travis\.ya?ml|\.drone\.ya?ml|\.woodpecker(?:\/[^/]+)?\.ya?ml|\.buildkite\/[^/]+\.ya?ml|cloudbuild\.ya?ml|buildspec\.ya?ml|\.forgejo\/workflows\/[^/]+\.ya?ml|\.gitea\/workflows\/[^/]+\.ya?ml)$/;
const CONTAINER =
  /(?:^|\/)(?:(?:[^/]*\.)?(?:Dockerfile|Containerfile)(?:\.[^/]*)?|\.dockerignore|docker-entrypoint\.sh)$/;
const COMPOSE = /(?:^|\/)(?:docker-)?compose[^/]*\.ya?ml$/;
const DEPLOYMENT =
  /(?:^|\/)(?:k8s|kubernetes|helm|charts?|manifests|deploy|deployment|deployments|terraform|infra|infrastructure|ansible|monitoring|prometheus|grafana|alertmanager|nginx)\/|\.(?:tf|tfvars)$|(?:^|\/)(?:Procfile|Caddyfile|fly\.toml|render\.yaml|app\.json|serverless\.ya?ml|nginx[^/]*\.conf|[^/]+\.service)$/;
const SETTINGS =
  /(?:^|\/)(?:application[^/]*\.(?:ya?ml|properties)|bootstrap[^/]*\.ya?ml|appsettings[^/]*\.json|\.env[^/]*|[^/]*\.env(?:\.[^/]*)?|config[^/]*\.(?:ya?ml|toml|ini|json)|[^/]+\.(?:ini|cfg|toml|properties))$/;
const MIGRATION =
  /(?:^|\/)(?:migrations?|alembic\/versions|db\/migrate|db\/migration|liquibase|changelogs?|flyway)\/.+\.(?:sql|py|[cm]?[jt]s|rb|php|xml|ya?ml|java|kt|cs|exs?|prisma|go)$/;
const DOCUMENT = /\.(?:md|mdx|rst|adoc|txt)$|(?:^|\/)(?:README|LICENSE|CHANGELOG|RUNBOOK)[^/]*$/i;

/** Where something could be of two roles, the earlier says more: a manifest in a folder `tests` is a test's. */
export function roleOf(path: string): FileRole {
  if (ASIDE.test(path) && SOURCE.test(path) && !TEST.test(path) && !PIPELINE.test(path)) return 'other';
  return (
    ROLES.find(([, pattern]) => pattern.test(path))?.[0] ?? (SOURCE.test(path) ? sourceRoleOf(path) : restRoleOf(path))
  );
}

const ROLES: readonly (readonly [FileRole, RegExp])[] = [
  ['lock', LOCK],
  ['pipeline', PIPELINE],
  ['test', TEST],
  ['manifest', MANIFEST],
  ['container', CONTAINER],
  ['migration', MIGRATION],
  ['deployment', COMPOSE],
  ['document', DOCUMENT],
];

function sourceRoleOf(path: string): FileRole {
  if (CLIENT.test(path)) return 'client';
  return TOOL.test(path) ? 'tool' : 'source';
}

function restRoleOf(path: string): FileRole {
  if (DEPLOYMENT.test(path)) return 'deployment';
  return SETTINGS.test(path) ? 'settings' : 'other';
}

/** In a folder of examples, documents or what was built or taken from elsewhere. */
export function isAside(path: string): boolean {
  return ASIDE.test(path);
}

export function isDockerfile(path: string): boolean {
  return CONTAINER.test(path) && /ockerfile|ontainerfile/.test(path);
}
