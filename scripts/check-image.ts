/**
 * Builds the image that deploy/Dockerfile describes and runs it for real: as a container with nothing but what it needs, and as
 * the Pods of deploy/kubernetes with a PostgreSQL and a Redis beside them. `npm run check:image`; two minutes, as root, with
 * buildah, podman, runc and catatonit, PostgreSQL and Redis. Not part of `npm test`: it takes packages from the registry, and time.
 *
 * `--registry`: the base image that the Dockerfile names, from its registry, instead of one made of this machine's files.
 * `--reuse`: the image as it was built last. Exit code 1 at the first thing that is not as it should be.
 */
import { parseArgs } from 'node:util';
import { buildImage } from './check-image/build.ts';
import { checkContainer } from './check-image/container.ts';
import { checkPods } from './check-image/pods.ts';
import { step } from './check-image/step.ts';

const { values } = parseArgs({ options: { registry: { type: 'boolean' }, reuse: { type: 'boolean' } } });

if (!values.reuse) await buildImage({ fromRegistry: values.registry ?? false, step });
await checkContainer(step);
await checkPods(step);
process.stdout.write('The image builds and runs: as a container, and as the Pods of deploy/kubernetes.\n');
