import { type Criterion, met, missing, NO_HTTP, notApplicable, partly, seenOrMissing } from '../criterion.ts';
import type { Evidence } from '../judgement.ts';
import * as libraries from '../libraries.ts';
import { evidenceAt, type Survey } from '../survey.ts';

const OWN_LIMIT =
  /\b(?:rate_?limit(?:er|ing|s)?|throttl(?:e|er|ing))\b|\bRateLimit(?:er|ing|s)?\b|\b[a-z]\w{0,30}RateLimit\w{0,10}\(/gi;
const TOO_MANY = /\b429\b|TOO_MANY_REQUESTS|TooManyRequests/g;
const PROXY_LIMIT =
  /\blimit_req(?:_zone)?\s|nginx\.ingress\.kubernetes\.io\/limit-|\brate_limit\s{0,4}\{|\bratelimit:|aws_wafv2_web_acl/g;
const LOGIN_ROUTE =
  /(?:\.(?:post|all|use|route|HandleFunc|POST)|Mapping|@(?:Post|Route)|\bpath)\(\s{0,8}(?:value\s{0,4}=\s{0,4})?['"`][^'"`\s]{0,80}(?:log-?in|sign-?in|token)['"`]/gi;
const LIMIT = /limit|throttl/i;
/** A guard stands on the route's line, as a decorator before it, or among its options behind it. */
const BEFORE = 200;
const BEHIND = 400;

function limitsOf(survey: Survey): { applied: readonly Evidence[]; only: readonly Evidence[] } {
  const applied = survey.uses(libraries.RATE_LIMITS);
  const proxy = survey.find(PROXY_LIMIT, { roles: ['deployment', 'settings', 'other'] });
  if (applied.length > 0) return { applied: [...applied, ...proxy].slice(0, 3), only: [] };
  // A limiter of its own says 429 to somebody; a word alone is a name.
  const own = survey.find(OWN_LIMIT);
  const refuses = survey.find(TOO_MANY);
  if (own.length > 0 && refuses.length > 0) return { applied: [...own.slice(0, 2), ...refuses.slice(0, 1)], only: [] };
  return { applied: proxy, only: survey.declared(libraries.RATE_LIMITS) };
}

const WILDCARDS =
  /\ballow_origins\s{0,4}=\s{0,4}\[\s{0,4}['"]\*['"]|\ballow_origin_regex\s{0,4}=\s{0,4}r?['"]\.\*['"]|\bcors\(\s{0,4}\)|\borigin\s{0,4}:\s{0,4}(?:['"`]\*['"`]|true\b)|\benableCors\(\s{0,4}\)|Access-Control-Allow-Origin['"]?\s{0,4}[,:\]=]{1,2}\s{0,4}['"]?\*|@CrossOrigin(?:\s{0,4}$|\(\s{0,4}\)|\(\s{0,4}(?:origins\s{0,4}=\s{0,4})?\{?\s{0,4}"\*")|\ballowedOrigin(?:s|Patterns)\(\s{0,4}"\*"|\b(?:add|set)AllowedOrigin\w{0,9}\(\s{0,4}(?:List\.of\(|Arrays\.asList\(|Collections\.singletonList\()?"\*"|\bCORS_(?:ORIGIN_ALLOW_ALL|ALLOW_ALL_ORIGINS)\s{0,4}=\s{0,4}True|\bAllowAnyOrigin\(|\bAllowAllOrigins\s{0,4}:\s{0,4}true|\bAllow(?:ed)?Origins\s{0,4}:\s{0,4}\[\]string\{\s{0,4}"\*"|\bCORS\(\s{0,4}app\s{0,4}\)|\borigins\s{0,4}(?:=|:)\s{0,4}\[?\s{0,4}['"]\*['"]/gm;
const CORS =
  /\bCORSMiddleware\b|\bcors\(|\benableCors\(|\bCorsConfiguration\b|\baddCorsMappings\b|@CrossOrigin\b|\bCORS_ALLOWED_ORIGINS\b|\bCORS\(|\bAddCors\(|Access-Control-Allow-Origin|\bcors\.(?:New|Config|Options)\b|\b@fastify\/cors\b/gi;

const APPLIED_AUTH =
  /\bpassport\.authenticate\(|\bjwt\.(?:verify|decode)\(|\bjwtVerify\(|@UseGuards\(|\bDepends\(\s{0,4}(?:\w{0,30}(?:user|auth|token|principal|oauth2|api_key|verify|require)\w{0,30})|\bSecurity\(|\bHTTP(?:Bearer|Basic)\(|\bOAuth2PasswordBearer\(|\bAPIKeyHeader\(|@login_required|@jwt_required|\bpermission_classes\b|\bIsAuthenticated\b|\bSecurityFilterChain\b|@PreAuthorize|@RolesAllowed|@Secured\b|@Authenticated\b|\.authenticated\(\)|\[Authorize|\bRequireAuthorization\(|before_action :authenticate|\bauthenticate_user!|\bmiddleware\(['"]auth|\bjwt\.Parse\w{0,12}\(|\b(?:require|ensure|is|check|verify|with)_?(?:Auth|User|Login|SignedIn|Session|Token|Role|Principal)\w{0,30}\b|\bauthenticate\w{0,20}\(|\bonRequest\s{0,4}:\s{0,4}\[?\s{0,4}\w{0,20}auth\w{0,20}/gi;
const OPEN_TO_ALL =
  /\banyRequest\(\)\s{0,4}\.permitAll\(\)|\bDEFAULT_PERMISSION_CLASSES\b[^\n]{0,80}AllowAny|@AllowAnonymous\s{0,4}$|\bweb\.ignoring\(\)\.anyRequest\(\)/gm;
const ROUTES =
  /\b(?:app|router|server|fastify|api)\.(?:get|post|put|patch|delete)\(|@(?:app|router|api|bp|blueprint)\.(?:get|post|put|patch|delete|route)\(|@(?:Get|Post|Put|Patch|Delete|Request)Mapping\b|@(?:Get|Post|Put|Patch|Delete)\(|\bpath\(\s{0,4}['"]|\b(?:r|e|router|mux)\.(?:GET|POST|PUT|DELETE|HandleFunc|Handle)\(/g;

const WEAK_HASH =
  /\b(?:md5|sha1|sha256|sha512|createHash|MessageDigest)\b[^\n]{0,60}passw|\bpassw\w{0,20}[^\n]{0,60}\b(?:md5|sha1|createHash)\b|\bpassw(?:or)?d\b\s{0,4}={2,3}\s{0,4}(?:\w{1,30}\.){1,4}passw(?:or)?d\b|\.passw(?:or)?d\s{0,4}[!=]={1,2}\s{0,4}(?:\w{1,30}\.){0,4}passw(?:or)?d\b|\.getPassword\(\)\.equals\(/gi;
const OWN_HASH =
  /\b(?:scrypt(?:Sync)?|pbkdf2(?:Sync|_hmac)?|argon2(?:id|\.hash)?|bcrypt)\b|\bPBKDF2|\bPasswordEncoder\b|\bpassword_hash\(|\bcheck_password_hash\(|\bhas_secure_password\b|\bPasswordHasher\b/g;
const EXPIRY =
  /\bexpiresIn\b|['"]exp['"]\s{0,4}:|\bexpires_delta\b|\bsetExpiration(?:Time)?\(|\.expiration\(|\bExpiresAt\b|\bwithExpiresAt\(|\bexp\s{0,4}:|\bsignOptions\b/g;
const HEADERS =
  /Strict-Transport-Security|Content-Security-Policy|X-Content-Type-Options|\bSECURE_HSTS_SECONDS\b|\bSecurityMiddleware\b|\bUseHsts\(|\bheaders\(\s{0,4}headers\b|\bhttpStrictTransportSecurity\b/gi;

/** Who gets in, and how often. */
export const ACCESS: readonly Criterion[] = [
  {
    id: 'rate-limits/requests',
    area: 'rate limits',
    category: 'security',
    severity: 'high',
    title: 'Requests are limited in number',
    items: ['S0-4', 'S0-7', 'S1-9', 'S1-25', 'S2-53', 'S3-136'],
    fix: {
      node: 'put express-rate-limit, @fastify/rate-limit or @nestjs/throttler before the routes; with several processes give it a shared store',
      python: 'put slowapi or fastapi-limiter before the routes; with several workers give it Redis as its store',
      java: 'put a filter with bucket4j or resilience4j before the controllers, or limit in the gateway and keep its configuration here',
      other:
        'limit requests by address and by user in a middleware, or in the proxy, with its configuration in this code base',
    },
    verify:
      'for i in $(seq 300); do curl -s -o /dev/null -w \'%{http_code}\\n\' "$URL"; done | sort | uniq -c  # 429 must be among them',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const { applied, only } = limitsOf(survey);
      if (applied.length > 0) return met('Requests are limited here.', applied);
      if (only.length > 0) return partly('A library for it is declared, and no code that runs imports it.', only);
      return missing('No limiter was seen, neither in the code nor in a proxy that it brings along.');
    },
  },
  {
    id: 'rate-limits/sign-in',
    area: 'rate limits',
    category: 'security',
    severity: 'high',
    title: 'Passwords cannot be guessed at the pace of the network',
    items: ['S3-48', 'S3-49'],
    fix: 'limit the sign-in route by address and by account, to some five tries a minute, stricter than the rest',
    verify:
      'for i in $(seq 10); do curl -s -o /dev/null -w \'%{http_code}\\n\' -X POST "$URL/login" -H \'content-type: application/json\' -d \'{"username":"x","password":"y"}\'; done  # ends with 429',
    judge(survey, { signsIn }) {
      if (signsIn.length === 0) return notApplicable('No route was seen that takes a password.');
      const { applied } = limitsOf(survey);
      if (applied.length === 0) return missing('The sign-in is as unlimited as the rest.', signsIn);
      const limited = loginRoutes(survey).filter(({ around }) => LIMIT.test(around));
      if (limited.length > 0)
        return met(
          'A limit stands beside the route.',
          limited.slice(0, 3).map(({ evidence }) => evidence),
        );
      return partly('The general limit is all that was seen to hold for the sign-in.', applied);
    },
  },
  {
    id: 'cors/listed-origins',
    area: 'CORS',
    category: 'security',
    severity: 'high',
    title: 'Pages of other origins get in only where they are listed',
    items: ['S0-11', 'S1-1', 'S1-4', 'S2-54', 'S3-50'],
    fix: 'list the origins of your own pages, from a setting without a default; never `*`, and never whatever the request says',
    verify:
      'curl -si "$URL" -H \'Origin: https://evil.example\' | grep -i access-control-allow-origin  # must print nothing',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const open = survey.find(WILDCARDS, { roles: ['source', 'settings', 'deployment'] });
      if (open.length > 0) return missing('Every origin is let in.', open);
      const cors = survey.find(CORS, { roles: ['source', 'settings'] });
      if (cors.length === 0)
        return notApplicable('Nothing opens it to pages of other origins, so browsers keep them out.');
      return met('Origins are let in by a list; none of the usual forms of “all” was seen.', cors);
    },
  },
  {
    id: 'authentication/requests',
    area: 'authentication',
    category: 'security',
    severity: 'critical',
    title: 'Requests are asked who sends them',
    items: ['S1-7', 'S1-10', 'S1-13', 'S3-9'],
    fix: {
      python:
        'make a dependency that checks the bearer token, and give it to every router (`dependencies=[Depends(…)]`), leaving out health alone',
      java: 'configure a SecurityFilterChain that ends with `anyRequest().authenticated()`',
      other: 'check a token or session before all routes, and name the few that are public',
    },
    verify: 'curl -s -o /dev/null -w \'%{http_code}\\n\' "$URL/<a route with data>"  # 401 without a credential',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const open = survey.find(OPEN_TO_ALL);
      if (open.length > 0) return missing('Everything is open to everybody.', open);
      const applied = survey.find(APPLIED_AUTH);
      const library = survey.uses(libraries.AUTHENTICATION);
      if (applied.length > 0)
        return met(
          'Credentials are checked here; which routes are left out is for a person to look at.',
          [...applied, ...library].slice(0, 3),
        );
      if (library.length > 0)
        return missing('A library for it is there; no line was seen that refuses anybody by it.', library);
      if (survey.find(ROUTES, { most: 1 }).length === 0) return missing('Nothing that checks a credential was seen.');
      return missing('No route was seen to ask for a credential.', survey.find(ROUTES));
    },
  },
  {
    id: 'authentication/passwords',
    area: 'authentication',
    category: 'security',
    severity: 'critical',
    title: 'Passwords are kept as slow, salted hashes',
    items: ['S3-10'],
    fix: 'hash with argon2id, bcrypt or scrypt, and compare with the library’s own function; hash anew at each sign-in',
    verify: "grep -rniE 'argon2|bcrypt|scrypt|pbkdf2' --include='*.*' . | head",
    judge(survey, { signsIn }) {
      if (signsIn.length === 0) return notApplicable('No route was seen that takes a password.');
      const weak = survey.find(WEAK_HASH);
      if (weak.length > 0)
        return missing('A password is compared or hashed in a way that a thief of the table undoes.', weak);
      const hashes = [...survey.uses(libraries.PASSWORD_HASHES), ...survey.find(OWN_HASH)].slice(0, 3);
      return hashes.length > 0
        ? met('Passwords are hashed with a function made for it.', hashes)
        : missing('Passwords are taken, and no function for hashing them was seen.', signsIn);
    },
  },
  {
    id: 'authentication/expiry',
    area: 'authentication',
    category: 'security',
    severity: 'high',
    title: 'Tokens end',
    items: ['S3-11'],
    fix: 'give each token an end (`exp`), minutes for access and days for refresh, and check it',
    verify: 'echo "$TOKEN" | cut -d. -f2 | base64 -d 2>/dev/null  # has "exp"',
    judge(survey, { signsTokens }) {
      if (signsTokens.length === 0) return notApplicable('No token was seen to be issued.');
      const ends = survey.find(EXPIRY);
      return ends.length > 0
        ? met('Tokens are given an end.', ends)
        : missing('Tokens are issued, and none was seen to end.', signsTokens);
    },
  },
  {
    id: 'security-headers/set',
    area: 'security headers',
    category: 'security',
    severity: 'medium',
    title: 'Answers carry the headers that protect browsers',
    items: ['S3-52', 'S3-53', 'S3-54', 'S3-138'],
    fix: {
      node: 'use helmet or @fastify/helmet',
      python:
        'add a middleware that sets Strict-Transport-Security, Content-Security-Policy and X-Content-Type-Options',
      other: 'set Strict-Transport-Security, Content-Security-Policy and X-Content-Type-Options, here or in the proxy',
    },
    verify: 'curl -si "$URL" | grep -iE \'strict-transport|content-security|x-content-type\'',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const set = [
        ...survey.uses(libraries.SECURITY_HEADERS),
        ...survey.find(HEADERS, { roles: ['source', 'deployment', 'settings'] }),
      ];
      return seenOrMissing(set.slice(0, 3), 'They are set here.', 'None of them was seen to be set.');
    },
  },
];

function loginRoutes(survey: Survey): { evidence: Evidence; around: string }[] {
  return survey.files('source').flatMap((file) =>
    [...file.text.matchAll(LOGIN_ROUTE)].map(({ index }) => ({
      evidence: evidenceAt(file, index),
      around: file.text.slice(Math.max(0, index - BEFORE), index + BEHIND),
    })),
  );
}
