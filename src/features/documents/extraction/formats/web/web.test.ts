import { describe, expect, it } from 'vitest';
import { buildZip } from '../../../../../../test/support/build-zip.ts';
import { outline, read } from '../../fixtures/read.ts';

const paragraph = 'This is a sentence of the article that somebody wants to read. '.repeat(4).trim();

const PAGE = `<!DOCTYPE html><html><head><title>Pumps | Example</title><style>p{}</style></head><body>
<a class="skip-link" href="#m">Skip to content</a>
<header><img alt="Logo"><nav><ul><li><a href="/">Home</a><li><a href="/shop">Shop</a></ul></nav></header>
<div id="cookie-consent">We use cookies. <button>Accept</button></div>
<div class="sidebar"><a href="/1">Other one</a> <a href="/2">Other two</a></div>
<main><article><header><h1>All about pumps</h1></header>
<div class="breadcrumbs"><a href="/">Home</a> / <a href="/p">Pumps</a></div>
<p>${paragraph}</p><h2>Kinds</h2><ul><li>Centrifugal<ul><li>Radial</li></ul></li><li>Rotary</li></ul>
<table><thead><tr><th>Model</th><th>Flow</th></tr></thead><tr><td>P-1</td><td>40&nbsp;l/min</td></tr></table>
<pre><code>start()
  stop()</code></pre><dl><dt>Head</dt><dd>Height of the water</dd></dl>
<p style="display:none">hidden words</p><script>evil()</script></article></main>
<aside>Related: <a href="/x">Fans</a></aside><footer>Imprint and privacy</footer></body></html>`;

describe('HTML', () => {
  it('gives the content with its structure, without what is around it', async () => {
    const document = await read(PAGE);
    expect(document.title).toBe('Pumps | Example');
    expect(outline(document)).toEqual([
      'h1: All about pumps',
      `paragraph: ${paragraph}`,
      'h2: Kinds',
      'list: - Centrifugal\n  - Radial\n- Rotary',
      'table: | Model | Flow |\n| --- | --- |\n| P-1 | 40 l/min |',
      'code: start()\n  stop()',
      'paragraph: Head: Height of the water',
    ]);
  });

  it('keeps everything of a page that is all links, and of one without structure', async () => {
    const links = Array.from({ length: 9 }, (_, index) => `<a href="/${index}">Result number ${index}</a>`).join(' ');
    expect((await read(`<html><body><div class="related">${links}</div></body></html>`)).text).toContain(
      'Result number 8',
    );
    expect((await read('<p>One<p>Two<br>lines<b>!</b>', { filename: 'a.html' })).text).toBe('One\n\nTwo\nlines!');
  });

  it('keeps prose whatever its class is called', async () => {
    const { text } = await read(
      `<html><body><div class="menu"><h2>Tonight</h2><p>${paragraph}</p></div><p>${paragraph}</p></body></html>`,
    );
    expect(text).toContain('Tonight');
  });

  it('looks through tables that only place things', async () => {
    const blocks = outline(
      await read(
        '<html><table><tr><td><h2>Left</h2><p>one</p></td><td><table><tr><td>a</td><td>b</td></tr></table></td></tr></table></html>',
      ),
    );
    expect(blocks).toEqual(['h2: Left', 'paragraph: one', 'table: | a | b |']);
  });

  it('believes the charset that the page declares', async () => {
    const latin = Buffer.from('<html><meta charset="windows-1251"><p>\xcf\xf0\xe8\xe2\xe5\xf2</p></html>', 'latin1');
    expect((await read(latin)).text).toBe('Привет');
  });
});

describe('XML', () => {
  it('gives records as names and values, running text as it is', async () => {
    const source =
      '<?xml version="1.0"?><list><pump id="7"><name>P-1</name><flow unit="l/min">40</flow></pump><note>Mind the <b>gap</b>.</note></list>';
    expect((await read(source)).text).toBe('id: 7\nname: P-1\nflow: 40; unit: l/min\n\nMind the gap.');
  });

  it('gives feeds entry by entry, with the HTML in them read', async () => {
    const source =
      '<rss><channel><title>News</title><item><title>First &amp; last</title><description>&lt;p&gt;Hello &lt;b&gt;all&lt;/b&gt;&lt;/p&gt;</description></item></channel></rss>';
    const document = await read(`<?xml version="1.0"?>${source}`);
    expect(outline(document)).toEqual(['h1: News', 'h2: First & last', 'paragraph: Hello all']);
    expect(document.title).toBe('News');
  });
});

describe('EPUB', () => {
  const parts = {
    mimetype: 'application/epub+zip',
    'META-INF/container.xml': '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
    'OPS/book.opf':
      '<package><metadata><dc:title>A Book</dc:title></metadata><manifest><item id="b" href="two%20b.xhtml"/><item id="a" href="one.xhtml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
    'OPS/one.xhtml': '<html><body><h1>One</h1><nav>kept in books</nav></body></html>',
    'OPS/two b.xhtml': '<html><body><h1>Two</h1></body></html>',
  };

  it('reads the chapters in the order of the spine', async () => {
    const document = await read(buildZip(parts));
    expect(document.title).toBe('A Book');
    expect(outline(document)).toEqual(['h1: One', 'paragraph: kept in books', 'h1: Two']);
  });

  it('says that a protected book is protected, but not one whose fonts are obfuscated', async () => {
    const encryption = (algorithm: string): string =>
      `<encryption><EncryptedData><EncryptionMethod Algorithm="${algorithm}"/></EncryptedData></encryption>`;
    const locked = buildZip({
      ...parts,
      'META-INF/encryption.xml': encryption('http://www.w3.org/2001/04/xmlenc#aes128-cbc'),
    });
    await expect(read(locked)).rejects.toMatchObject({ failure: 'password-protected' });
    const fonts = buildZip({ ...parts, 'META-INF/encryption.xml': encryption('http://www.idpf.org/2008/embedding') });
    expect((await read(fonts)).text).toContain('Two');
  });
});
