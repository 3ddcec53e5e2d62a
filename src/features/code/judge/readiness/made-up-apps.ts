// biome-ignore-all lint/suspicious/noTemplateCurlyInString: settings of Spring are written so.
/** Small code bases for tests: what a careless team and a careful one leave, in three worlds. */
export type Tree = Readonly<Record<string, string>>;

export const CARELESS_EXPRESS: Tree = {
  'package.json':
    '{\n  "dependencies": {\n    "express": "^4.0.0",\n    "express-rate-limit": "^7.0.0",\n    "pg": "^8.0.0",\n    "cors": "^2.0.0",\n    "jsonwebtoken": "^9.0.0"\n  }\n}\n',
  'docker-compose.yml':
    'services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: postgres123\n  app:\n    build: .\n',
  Dockerfile: 'FROM node\nCOPY . .\nRUN npm install\nCMD ["npm", "run", "dev"]\n',
  'src/server.js': `const express = require('express');
const cors = require('cors');
const jwt = require('jsonwebtoken');
const { Client } = require('pg');
const app = express();
const JWT_SECRET = 'super-secret-value';
app.use(cors());
app.use(express.json());
// app.use(rateLimit({ max: 100 })); one day, with helmet and SIGTERM
app.post('/login', async (req, res) => {
  const found = await db.query(\`SELECT * FROM users WHERE email = '\${req.body.email}'\`);
  console.log('login', req.body.password);
  if (found.rows[0].password === req.body.password) res.json({ token: jwt.sign({ id: 1 }, JWT_SECRET) });
});
app.get('/weather', async (req, res) => {
  try {
    res.json(await (await fetch('https://weather.example/now')).json());
  } catch (err) {
    res.status(500).send(err.stack);
  }
});
app.delete('/users/:id', (req, res) => { try { remove(req.params.id); } catch (e) {} res.end(); });
app.listen(3000);
`,
};

export const CAREFUL_EXPRESS: Tree = {
  '.env.example': 'DATABASE_URL=\nJWT_SECRET=\n',
  '.gitignore': 'node_modules\n.env\n',
  '.github/dependabot.yml': 'version: 2\n',
  '.github/workflows/ci.yml':
    'jobs:\n  test:\n    steps:\n      - run: npm ci\n      - run: npx eslint .\n      - run: npm test\n',
  'package.json':
    '{\n  "dependencies": {\n    "express": "4.21.2",\n    "pg": "8.13.1"\n  },\n  "jest": { "coverageThreshold": { "global": { "lines": 80 } } }\n}\n',
  'package-lock.json': '{}',
  'README.md': `# Orders\n\n${'It takes orders and says where they are. '.repeat(10)}\n\n## Start\n\n\`npm ci && npm start\`\n`,
  'docs/deployment.md': '# Deployment\n\nPush a tag. To roll back, deploy the tag before.\n',
  'docs/backups.md': '# Backups\n\nRestore the last backup with pg_restore.\n',
  'deploy/backup.sh': 'pg_dump "$DATABASE_URL" | gzip > /backups/$(date -I).gz\n',
  'deploy/alerts.yml': 'groups:\n  - name: orders\n    rules:\n      - alert: ManyFaults\n',
  'deploy/compose.yaml':
    'services:\n  app:\n    image: orders\n    deploy:\n      resources:\n        limits: { cpus: "1", memory: 512m }\n    environment:\n      DATABASE_URL: $DATABASE_URL\n',
  Dockerfile:
    'FROM node:24.1.0-slim AS build\nCOPY . .\nRUN npm ci && npm run build\nFROM node:24.1.0-slim\nCOPY --from=build /app/dist ./dist\nUSER node\nHEALTHCHECK CMD node dist/probe.js\nCMD ["node", "dist/server.js"]\n',
  'openapi.yaml': 'openapi: 3.1.0\n',
  'load/k6.js': "import http from 'k6/http';\n",
  'migrations/001_users.sql':
    '-- migrate: up\nCREATE TABLE users (id uuid, email text);\nCREATE INDEX users_email ON users (email);\n-- migrate: down\nDROP TABLE users;\n',
  'src/settings.ts':
    "import { z } from 'zod';\nexport const settings = z.object({ DATABASE_URL: z.string().url(), JWT_SECRET: z.string().min(32) }).parse(process.env);\n",
  'src/server.ts': `import * as Sentry from '@sentry/node';
import { trace } from '@opentelemetry/api';
import argon2 from 'argon2';
import cors from 'cors';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import jwt from 'jsonwebtoken';
import pRetry from 'p-retry';
import { Pool } from 'pg';
import { pino } from 'pino';
import { pinoHttp } from 'pino-http';
import { Counter } from 'prom-client';
import { z } from 'zod';
import { settings } from './settings';

const pool = new Pool({ connectionString: settings.DATABASE_URL, max: 20, connectionTimeoutMillis: 3000, statement_timeout: 30000 });
const app = express();
app.use(helmet());
app.use(pinoHttp({ logger: pino() }));
app.use(cors({ origin: settings.ORIGINS.split(','), credentials: true }));
app.use(express.json({ limit: '50kb' }));
app.use(rateLimit({ windowMs: 60000, limit: 100 }));
app.post('/v1/login', rateLimit({ windowMs: 60000, limit: 5 }), async (req, res) => {
  const { email, password } = Login.parse(req.body);
  const found = await pool.query('SELECT id, hash FROM users WHERE email = $1', [email]);
  if (!(await argon2.verify(found.rows[0].hash, password))) return res.status(401).end();
  res.json({ token: jwt.sign({ sub: found.rows[0].id }, settings.JWT_SECRET, { expiresIn: '15m' }) });
});
app.get('/health', (req, res) => res.json({ status: 'ok' }));
app.get('/ready', async (req, res) => { await pool.query('SELECT 1'); res.json({ status: 'ready' }); });
app.get('/metrics', metrics);
app.get('/v1/weather', requireUser, async (req, res) => {
  const answer = await pRetry(() => fetch('https://weather.example/now', { signal: AbortSignal.timeout(3000) }));
  res.set('Cache-Control', 'max-age=60').json(await answer.json());
});
app.use((err, req, res, next) => { req.log.error(err); res.status(500).json({ code: 'internal' }); });
const server = app.listen(3000);
server.requestTimeout = 30000;
process.on('SIGTERM', () => server.close(() => pool.end()));
`,
  'test/server.test.ts':
    "import request from 'supertest';\ntest('login', () => request(app).post('/v1/login').expect(401));\n",
};

export const CARELESS_FASTAPI: Tree = {
  '.env': 'SECRET_KEY=abc\n',
  'requirements.txt': 'fastapi\nuvicorn\nsqlalchemy>=2\nrequests\n',
  'app/main.py': `import requests
from fastapi import FastAPI, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from sqlalchemy import create_engine, text
from .models import Base

SECRET_KEY = "dev-secret-key"
DEBUG = True
app = FastAPI(debug=True)
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
engine = create_engine("postgresql://admin:hunter22@db.internal/app")
Base.metadata.create_all(engine)

@app.post("/users")
async def create_user(request: Request):
    """Talks of rate limits, @login_required and /health, and does none of it."""
    body = await request.json()
    print("new user", body)
    try:
        with engine.connect() as connection:
            connection.execute(text(f"INSERT INTO users VALUES ('{body['name']}')"))
        requests.post("https://hooks.example/new", json=body)
    except Exception as e:
        raise HTTPException(status_code=500, detail=str(e))
    try:
        notify()
    except:
        pass
`,
};

export const CAREFUL_FASTAPI: Tree = {
  '.gitignore': '.env\n.venv\n',
  '.gitlab-ci.yml':
    'test:\n  script:\n    - uv run ruff check\n    - uv run pytest --cov-fail-under=80\n    - uv run pip-audit\n',
  'README.md': `# Notes\n\n${'It keeps notes of people who write. '.repeat(12)}\n\nInstall with \`uv sync\`, start with \`uv run gunicorn\`.\n`,
  'example.env': 'DATABASE_URL=\n',
  'pyproject.toml':
    '[project]\ndependencies = [\n  "fastapi==0.115.0",\n  "sqlalchemy==2.0.36",\n]\n[tool.coverage.report]\nfail_under = 80\n',
  'uv.lock': 'version = 1\n',
  'alembic/versions/0001_notes.py':
    'def upgrade():\n    op.create_index("ix_note", "note", ["owner_id"])\n\ndef downgrade():\n    op.drop_index("ix_note")\n',
  'app/settings.py':
    'from pydantic_settings import BaseSettings\n\nclass Settings(BaseSettings):\n    database_url: str\n    secret_key: str\n',
  'app/main.py': `import httpx
import structlog
from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import OAuth2PasswordBearer
from prometheus_fastapi_instrumentator import Instrumentator
from pydantic import BaseModel, Field
from slowapi import Limiter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from tenacity import retry
from .settings import Settings

settings = Settings()
limiter = Limiter(key_func=address, default_limits=["100/minute"])
engine = create_async_engine(settings.database_url, pool_size=20, max_overflow=10, pool_pre_ping=True, connect_args={"server_settings": {"statement_timeout": "30000"}})
app = FastAPI(lifespan=lifespan)
app.add_middleware(CORSMiddleware, allow_origins=settings.origins, allow_credentials=True)
app.add_middleware(CorrelationIdMiddleware)
Instrumentator().instrument(app).expose(app)

class NewNote(BaseModel):
    text: str = Field(min_length=1, max_length=5000)

@app.exception_handler(Exception)
async def on_fault(request, fault):
    log.error("fault", exc_info=fault)
    return JSONResponse({"code": "internal"}, 500)

@app.get("/health")
async def health():
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    return {"status": "ok"}

@app.post("/v1/notes")
async def create(note: NewNote, user=Depends(current_user)):
    await connection.execute(text("INSERT INTO note VALUES (:text)"), {"text": note.text})
    await httpx.AsyncClient().post("https://hooks.example/new")
`,
  'tests/test_notes.py':
    'from fastapi.testclient import TestClient\n\ndef test_create():\n    assert TestClient(app).post("/v1/notes").status_code == 401\n',
};

export const CARELESS_SPRING: Tree = {
  'pom.xml':
    '<project>\n<dependency><artifactId>spring-boot-starter-web</artifactId></dependency>\n<dependency><artifactId>spring-boot-starter-data-jpa</artifactId></dependency>\n<dependency><artifactId>spring-boot-starter-security</artifactId></dependency>\n</project>\n',
  'src/main/resources/application.properties':
    'spring.datasource.password=postgres1\nspring.jpa.hibernate.ddl-auto=update\nserver.error.include-stacktrace=always\n',
  'src/main/java/shop/Security.java':
    'package shop;\nclass Security {\n  SecurityFilterChain chain(HttpSecurity http) {\n    return http.authorizeHttpRequests(a -> a.anyRequest().permitAll()).build();\n  }\n}\n',
  'src/main/java/shop/Orders.java':
    'package shop;\nimport org.springframework.web.bind.annotation.*;\n@CrossOrigin\n@RestController\nclass Orders {\n  @PostMapping("/orders")\n  Order create(@RequestBody Order order) {\n    System.out.println(order);\n    return jdbc.queryForObject("SELECT * FROM orders WHERE name = \'" + order.name + "\'", Order.class);\n  }\n}\n',
};

export const CAREFUL_SPRING: Tree = {
  '.gitignore': '.env\ntarget/\n',
  '.github/workflows/build.yml':
    'jobs:\n  build:\n    steps:\n      - run: ./mvnw verify\n      - uses: github/codeql-action/analyze@v3\n',
  'README.md': `# Shop\n\n${'It sells what is on its shelves. '.repeat(12)}\n\nRun it with \`./mvnw spring-boot:run\`.\n`,
  'pom.xml': `<project>
${['spring-boot-starter-web', 'spring-boot-starter-data-jpa', 'spring-boot-starter-security', 'spring-boot-starter-validation', 'spring-boot-starter-actuator', 'micrometer-registry-prometheus', 'flyway-core', 'springdoc-openapi-starter-webmvc-ui', 'logstash-logback-encoder', 'bucket4j-core', 'sentry-spring-boot-starter-jakarta'].map((name) => `<dependency><artifactId>${name}</artifactId></dependency>`).join('\n')}
<plugin><artifactId>jacoco-maven-plugin</artifactId></plugin>
</project>
`,
  'src/main/resources/application.yml':
    'spring:\n  datasource:\n    url: ${DATABASE_URL}\n    password: ${DATABASE_PASSWORD}\n    hikari:\n      maximum-pool-size: ${POOL_SIZE:20}\n  jpa:\n    hibernate:\n      ddl-auto: validate\n    properties:\n      jakarta.persistence.query.timeout: 30000\nserver:\n  shutdown: graceful\n  tomcat:\n    connection-timeout: 10s\n    max-http-form-post-size: 1MB\n',
  'src/main/resources/db/migration/V1__orders.sql':
    'CREATE TABLE orders (id bigint);\nCREATE INDEX orders_id ON orders (id);\n',
  'src/main/java/shop/Security.java':
    'package shop;\nimport org.springframework.security.web.SecurityFilterChain;\nclass Security {\n  SecurityFilterChain chain(HttpSecurity http) {\n    return http.authorizeHttpRequests(a -> a.requestMatchers("/actuator/health").permitAll().anyRequest().authenticated()).build();\n  }\n}\n',
  'src/main/java/shop/Faults.java':
    'package shop;\nimport org.slf4j.Logger;\n@RestControllerAdvice\nclass Faults extends ResponseEntityExceptionHandler {\n  void before() { MDC.put("request_id", id); }\n}\n',
  'src/main/java/shop/Orders.java':
    'package shop;\nimport org.springframework.web.bind.annotation.*;\n@RestController\n@RequestMapping("/v1/orders")\nclass Orders {\n  @PostMapping\n  Order create(@Valid @RequestBody NewOrder order) {\n    return orders.save(order);\n  }\n}\n',
  'src/test/java/shop/OrdersTest.java': 'package shop;\nclass OrdersTest {\n  @Autowired MockMvc mvc;\n}\n',
};

export const LIBRARY: Tree = {
  'package.json': '{\n  "name": "left-pad",\n  "devDependencies": {\n    "express": "4.21.2"\n  }\n}\n',
  'index.js': 'module.exports = (text, length) => text.padStart(length);\n',
  'test/index.test.js': "const express = require('express');\ntest('pads', () => expect(pad('a', 2)).toBe(' a'));\n",
};
