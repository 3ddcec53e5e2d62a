export { type IdPage, pageFrom } from '../../platform/http/id-page.ts';
