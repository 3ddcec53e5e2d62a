import type { Evidence, ReadinessJudgement } from './judgement.ts';
import * as libraries from './libraries.ts';
import type { Survey } from './survey.ts';

export type Ecosystem = 'node' | 'python' | 'java' | 'go';

/** What the code base is, as far as it decides what applies to it: for each trait the lines that say so, none where it is not. */
export type Profile = {
  /** The one with most source files; null for others than those four. */
  ecosystem: Ecosystem | null;
  servesHttp: readonly Evidence[];
  framework: Framework | null;
  usesDatabase: readonly Evidence[];
  callsOut: readonly Evidence[];
  signsIn: readonly Evidence[];
  signsTokens: readonly Evidence[];
  /** Dockerfiles. */
  images: readonly Evidence[];
  /** Compose files and manifests of Kubernetes. */
  deployments: readonly Evidence[];
};

export type Framework = (typeof FRAMEWORKS)[number]['name'];

/** Those whose defaults answer a criterion. */
const FRAMEWORKS = [
  { name: 'NestJS', modules: ['@nestjs/core', '@nestjs/common'] },
  { name: 'Fastify', modules: ['fastify'] },
  { name: 'Express', modules: ['express'] },
  { name: 'FastAPI', modules: ['fastapi'] },
  { name: 'Django', modules: ['django'] },
  { name: 'Flask', modules: ['flask'] },
  {
    name: 'Spring',
    modules: ['spring-boot-starter-web', 'spring-boot-starter-webflux', 'org.springframework.web', 'spring-webmvc'],
  },
  { name: 'Rails', modules: ['rails'] },
] as const;

const EXTENSIONS: readonly (readonly [Ecosystem, RegExp])[] = [
  ['node', /\.(?:[cm]?[jt]sx?|vue|svelte)$/],
  ['python', /\.py$/],
  ['java', /\.(?:java|kt|kts|scala|groovy)$/],
  ['go', /\.go$/],
];

const OWN_SERVER =
  /\bcreateServer\(\s{0,4}(?:async\s|\(|function|req\b|app\b|handler\b)|\bhttp\.ListenAndServe|\bWebApplication\.CreateBuilder|\bHTTPServer\(\(/g;
const CALLS_OUT =
  /\bfetch\(|\baxios(?:\.\w{1,10})?\(|\brequests\.(?:get|post|put|delete|patch|request)\(|\bhttpx\.\w{1,20}\(|\bnew RestTemplate\(|\bWebClient\.|\bRestClient\.|\bhttp\.(?:Get|Post|NewRequest\w{0,12})\(|\bHttpClient\.newHttpClient\(|\burllib\.request\.urlopen\(/g;
const SIGN_IN =
  /['"`][^'"`\s]{0,80}\/(?:log-?in|sign-?in|authenticate|token)['"`]|\bdef (?:login|sign_in|authenticate)\b|\bpublic \S{1,60} (?:login|signIn|authenticate)\(/gi;
const PASSWORD = /\bpassword(?:_?hash|hash)?\b|\bhashed_?password\b/gi;
const SIGNS_TOKENS =
  /\bjwt\.(?:sign|encode)\(|\bnew SignJWT\(|\bJwts\.builder\(|\bJWT\.create\(|\bjwt\.NewWithClaims\(|\bJWT\.encode\b|\bjwtService\.sign(?:Async)?\(/g;

export function profileOf(survey: Survey): Profile {
  const named = survey.uses(libraries.HTTP_SERVERS);
  return {
    ecosystem: ecosystemOf(survey),
    servesHttp: named.length > 0 ? named : survey.find(OWN_SERVER),
    framework: FRAMEWORKS.find(({ modules }) => survey.uses(modules).length > 0)?.name ?? null,
    usesDatabase: survey.uses(libraries.DATABASES),
    callsOut: [...survey.imported(libraries.MODEL_CLIENTS), ...survey.find(CALLS_OUT)].slice(0, 3),
    signsIn: survey.find(PASSWORD, { most: 1 }).length > 0 ? survey.find(SIGN_IN) : [],
    signsTokens: survey.find(SIGNS_TOKENS),
    images: survey.named(/(?:^|\/)(?:[^/]*\.)?(?:Dockerfile|Containerfile)(?:\.[^/]*)?$/),
    deployments: [
      ...survey.named(/(?:^|\/)(?:docker-)?compose[^/]*\.ya?ml$/),
      ...survey.find(/^kind:\s{0,4}["']?(?:Deployment|StatefulSet|DaemonSet)\b/gm, {
        roles: ['deployment', 'other', 'settings'],
      }),
    ].slice(0, 3),
  };
}

function ecosystemOf(survey: Survey): Ecosystem | null {
  const counts = EXTENSIONS.map(([name, extension]) => {
    return { name, files: survey.files('source').filter(({ path }) => extension.test(path)).length };
  }).filter(({ files }) => files > 0);
  return counts.sort((a, b) => b.files - a.files)[0]?.name ?? null;
}

/** The profile in words, for a report. */
export function traitsOf(profile: Profile): ReadinessJudgement['profile'] {
  const traits: [string, readonly Evidence[]][] = [
    [`serves HTTP${profile.framework ? ` (${profile.framework})` : ''}`, profile.servesHttp],
    ['uses a database', profile.usesDatabase],
    ['asks other services', profile.callsOut],
    ['signs people in with passwords', profile.signsIn],
    ['issues tokens', profile.signsTokens],
    ['is built into an image', profile.images],
    ['brings its deployment along', profile.deployments],
  ];
  return traits.filter(([, evidence]) => evidence.length > 0).map(([trait, evidence]) => ({ trait, evidence }));
}
