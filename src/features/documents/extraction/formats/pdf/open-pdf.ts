import { fileURLToPath } from 'node:url';
import type { PDFDocumentProxy } from 'pdfjs-dist/types/src/display/api.js';
import { damaged, passwordProtected } from '../../extraction-error.ts';

/** Warnings of the library go nowhere: what matters is told by its exceptions. */
const ERRORS_ONLY = 0;

/** pdf.js names these at its start for drawing, which is never done here; without them it writes warnings. */
class NoDrawing {}

/** Opens a PDF with pdf.js, which reads it in this very thread. */
export async function openPdf(bytes: Uint8Array): Promise<PDFDocumentProxy> {
  const { getDocument } = await loadLibrary();
  const root = fileURLToPath(new URL('.', import.meta.resolve('pdfjs-dist/package.json')));
  try {
    const task = getDocument({
      // A copy: pdf.js refuses Node's Buffers, and takes what it is given away from its owner.
      data: new Uint8Array(bytes),
      verbosity: ERRORS_ONLY,
      cMapUrl: `${root}cmaps/`,
      cMapPacked: true,
      standardFontDataUrl: `${root}standard_fonts/`,
      wasmUrl: `${root}wasm/`,
      useSystemFonts: false,
      disableFontFace: true,
      isOffscreenCanvasSupported: false,
      isImageDecoderSupported: false,
      useWorkerFetch: false,
    });
    return await task.promise;
  } catch (error) {
    if (error instanceof Error && error.name === 'PasswordException') throw passwordProtected('PDF');
    throw damaged('PDF', error);
  }
}

/** The builds for Node; they come without types of their own. */
const LIBRARY: string = 'pdfjs-dist/legacy/build/pdf.min.mjs';
const WORKER: string = 'pdfjs-dist/legacy/build/pdf.worker.min.mjs';

async function loadLibrary(): Promise<typeof import('pdfjs-dist')> {
  const scope = globalThis as Record<string, unknown>;
  for (const name of ['DOMMatrix', 'Path2D', 'ImageData']) scope[name] ??= NoDrawing;
  // With the worker's code loaded here, pdf.js starts no worker of its own.
  scope.pdfjsWorker ??= await import(WORKER);
  return await import(LIBRARY);
}
