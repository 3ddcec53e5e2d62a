import type { Seen } from '../../analysis.ts';
import type { Dependencies, Ecosystem } from '../../measure/metrics.ts';

/** Which dependency says which framework. A name that ends with `*` stands for all that begin so. */
const FRAMEWORKS: readonly (readonly [framework: string, ecosystems: readonly Ecosystem[], names: string])[] = [
  ['React', ['npm'], 'react'],
  ['Vue.js', ['npm'], 'vue'],
  ['Angular', ['npm'], '@angular/core'],
  ['Next.js', ['npm'], 'next'],
  ['Nuxt', ['npm'], 'nuxt'],
  ['Svelte', ['npm'], 'svelte @sveltejs/kit'],
  ['Express.js', ['npm'], 'express'],
  ['NestJS', ['npm'], '@nestjs/core'],
  ['Fastify', ['npm'], 'fastify'],
  ['Koa', ['npm'], 'koa'],
  ['Hono', ['npm'], 'hono'],
  ['Django', ['python'], 'django'],
  ['Flask', ['python'], 'flask'],
  ['FastAPI', ['python'], 'fastapi'],
  ['Pyramid', ['python'], 'pyramid'],
  ['Spring Boot', ['maven', 'gradle'], 'org.springframework.boot:*'],
  ['Spring Framework', ['maven', 'gradle'], 'org.springframework:*'],
  ['Quarkus', ['maven', 'gradle'], 'io.quarkus:*'],
  ['Ktor', ['maven', 'gradle'], 'io.ktor:*'],
  ['Rails', ['rubygems'], 'rails'],
  ['Sinatra', ['rubygems'], 'sinatra'],
  ['Gin', ['go'], 'github.com/gin-gonic/gin'],
  ['Echo', ['go'], 'github.com/labstack/echo*'],
  ['Fiber', ['go'], 'github.com/gofiber/fiber*'],
  ['Actix Web', ['cargo'], 'actix-web'],
  ['Rocket', ['cargo'], 'rocket'],
  ['Axum', ['cargo'], 'axum'],
  ['Laravel', ['composer'], 'laravel/framework'],
  ['Symfony', ['composer'], 'symfony/framework-bundle'],
  ['ASP.NET Core', ['nuget'], 'Microsoft.AspNetCore.*'],
  ['Vapor', ['swift'], 'vapor'],
];

const PROJECTS: Readonly<Record<Ecosystem, string>> = {
  npm: 'Node.js package',
  python: 'Python project',
  go: 'Go module',
  maven: 'Maven project',
  gradle: 'Gradle project',
  cargo: 'Rust crate',
  rubygems: 'Ruby project',
  composer: 'PHP project',
  nuget: '.NET project',
  swift: 'Swift package',
};

/** By the manifests that declare them; each with the first that does. Tools for development count where they are the app's. */
export function frameworksOf({ declared }: Dependencies): Seen[] {
  return FRAMEWORKS.flatMap(([name, ecosystems, names]) => {
    const patterns = names.split(' ');
    const found = declared.find(
      (entry) => ecosystems.includes(entry.ecosystem) && patterns.some((pattern) => isNamed(entry.name, pattern)),
    );
    return found
      ? [{ name, evidence: `${found.name} ${found.requirement ?? ''}`.trim().concat(` in ${found.manifest}`) }]
      : [];
  });
}

function isNamed(name: string, pattern: string): boolean {
  const lower = name.toLowerCase();
  return pattern.endsWith('*') ? lower.startsWith(pattern.slice(0, -1).toLowerCase()) : lower === pattern.toLowerCase();
}

export function projectsOf({ manifests }: Dependencies): Seen[] {
  return [...Map.groupBy(manifests, ({ ecosystem }) => ecosystem)].map(([ecosystem, own]) => ({
    name: PROJECTS[ecosystem],
    evidence: own.length === 1 ? (own[0]?.path ?? '') : `${own[0]?.path} and ${own.length - 1} more`,
  }));
}
