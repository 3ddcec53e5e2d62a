import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

/**
 * Pages in windows that stay open for a whole file, one for each kind of screen: the console's files are in the browser already,
 * compiled, as for anybody who comes again, and a page costs a part of the first. Who was signed in is forgotten.
 */
export class KeptWindows {
  readonly #browser: Browser;
  readonly #origin: string;
  readonly #contexts = new Map<string, BrowserContext>();

  /** `address`: where the console is. Another address of it is another place, of which nothing is forgotten. */
  constructor(browser: Browser, address: string) {
    this.#browser = browser;
    this.#origin = new URL(address).origin;
  }

  /** A page in a window of this kind where nobody has signed in, unless another page of the window is open still. */
  async newPage(options: BrowserContextOptions): Promise<Page> {
    const context = await this.#contextOf(options);
    const isFirst = context.pages().length === 0;
    const page = await context.newPage();
    if (isFirst) await this.#forget(page);
    return page;
  }

  /** Closes all pages, after which the next one begins anew. */
  async closePages(): Promise<void> {
    for (const context of this.#contexts.values()) for (const page of context.pages()) await page.close();
  }

  async #contextOf(options: BrowserContextOptions): Promise<BrowserContext> {
    const kind = JSON.stringify(options);
    const context = this.#contexts.get(kind) ?? (await this.#browser.newContext(options));
    context.setDefaultTimeout(60_000);
    this.#contexts.set(kind, context);
    return context;
  }

  async #forget(page: Page): Promise<void> {
    const session = await page.context().newCDPSession(page);
    await session.send('Storage.clearDataForOrigin', { origin: this.#origin, storageTypes: 'all' });
    await session.detach();
  }
}
