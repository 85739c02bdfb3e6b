/** Page translation where pages are not plain: nodes that the page moves with moveBefore, attributes that turn, menus that are
 *  closed, documents without layout.  FIREFOX=none leaves Firefox out. */

import { inEachBrowser } from './page-kit.mjs';

inEachBrowser(async (check) => {
  await check('what the page moves, by moveBefore where there is one', async () => {
    fill(`<p id="a">One <b>two</b> three.</p><p id="b"><i>Four </i>five.</p><ul id="c"><li>Six.<li>Seven.</ul><ul id="d"></ul>`);
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => document.getElementById(id));
    const move = (parent, ...where) => (parent.moveBefore ? parent.moveBefore(...where) : parent.insertBefore(...where));
    const [one, , three] = a.childNodes, page = translatePage(document, new FakeTranslator());
    await page.finished;
    const seen = [html()];
    move(a, b.querySelector('i'), one);
    move(b, three, null);
    move(d, c.firstChild, null);
    const now = html();
    await until(() => html() !== now && /THREE/.test(b.textContent) && /FOUR/.test(a.textContent));
    seen.push(html());
    page.restore();
    return [...seen, html()];
  }, [
    '<p id="a">THREE <b>TWO</b> ONE.</p><p id="b">FIVE <i>FOUR</i>.</p>'
      + '<ul id="c"><li>SIX.</li><li>SEVEN.</li></ul><ul id="d"></ul>',
    '<p id="a"><b>TWO</b> ONE <i>FOUR</i></p><p id="b">FIVE. THREE.</p>'
      + '<ul id="c"><li>SEVEN.</li></ul><ul id="d"><li>SIX.</li></ul>',
    '<p id="a"><i>Four </i>One <b>two</b></p><p id="b">five. three.</p>'
      + '<ul id="c"><li>Seven.</li></ul><ul id="d"><li>Six.</li></ul>',
  ]);

  await check('attributes that turn: given back, or translated', async () => {
    fill(`<p id="a">One <b>two three</b> four.</p><div id="b"><p title="A title">Five <i>six</i>.</p>Seven.</div>
      <p id="c" translate="no">Eight nine.</p><p id="d" class="x notranslate">Ten eleven.</p>`);
    const compare = snapshot(), page = translatePage(document, new FakeTranslator());
    await page.finished;
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => document.getElementById(id)), seen = [a.innerHTML, html(b)];
    a.querySelector('b').translate = false;
    b.contentEditable = 'true';
    c.removeAttribute('translate');
    d.className = 'x';
    await until(() => /NINE/.test(c.textContent) && /ELEVEN/.test(d.textContent) && /Five/.test(b.textContent)
      && /two/.test(a.textContent));
    await turns();
    seen.push(a.innerHTML, html(b), c.innerHTML, d.innerHTML);
    a.querySelector('b').removeAttribute('translate');
    b.removeAttribute('contenteditable');
    c.lang = 'fr';
    d.classList.add('notranslate', 'y');
    await until(() => /TWO/.test(a.textContent) && /SEVEN/.test(b.textContent) && /Eight/.test(c.textContent)
      && /Ten/.test(d.textContent));
    seen.push(a.innerHTML, html(b), c.innerHTML, d.innerHTML);
    page.restore();
    c.removeAttribute('lang');
    c.translate = false;
    d.className = 'x notranslate';
    return [...seen, compare()];
  }, [
    'FOUR <b>THREE TWO</b> ONE.', '<p title="TITLE A"><i>SIX</i> FIVE.</p>SEVEN.',
    'FOUR <b translate="no">two three</b> ONE.', '<p title="A title">Five <i>six</i>.</p>Seven.', 'NINE EIGHT.', 'ELEVEN TEN.',
    'FOUR <b>THREE TWO</b> ONE.', '<p title="TITLE A"><i>SIX</i> FIVE.</p>SEVEN.', 'Eight nine.', 'Ten eleven.',
    { equal: true, html: '', same: true },
  ]);

  await check('a body and a title that the page puts in the place of others, and what it adds to them', async () => {
    fill('<p>One two.</p>');
    const page = translatePage(document, new FakeTranslator()), add = (text) =>
      document.body.append(Object.assign(document.createElement('p'), { textContent: text }));
    await page.finished;
    const old = document.body, body = document.createElement('body'), title = document.createElement('title'), seen = [];
    body.innerHTML = '<p>Three <b>four</b>.</p>';
    document.documentElement.replaceChild(body, old);         // as Turbo does
    await until(() => /FOUR/.test(html()));
    add('Five six.');
    await until(() => /SIX/.test(html()));
    title.textContent = 'Another page';
    document.querySelector('title').replaceWith(title);
    await until(() => document.title === 'PAGE ANOTHER');
    title.textContent = 'A third page';
    await until(() => document.title === 'PAGE THIRD A');
    seen.push(html(), { ...page.progress });
    const head = document.createElement('head');
    head.innerHTML = '<title>Another head</title>';
    document.head.replaceWith(head);
    await until(() => document.title === 'HEAD ANOTHER');
    await page.restore();
    return [...seen, html(), html(old), document.title, title.textContent];
  }, [
    '<p><b>FOUR</b> THREE.</p><p>SIX FIVE.</p>', { done: 6, total: 6 },
    '<p>Three <b>four</b>.</p><p>Five six.</p>', '<p>One two.</p>', 'Another head', 'A third page',
  ]);

  await check('a menu that is closed keeps its place, and waits for what is seen', async () => {
    fill(`<nav style="visibility: hidden"><a href="#">A closed menu</a></nav><p>Seen.</p>${'<p>Far away.</p>'.repeat(100)}`);
    patient();
    const translator = new FakeTranslator();
    await translatePage(document, translator).finished;
    const priority = (text) => translator.calls.find(({ texts }) => texts.includes(text))?.priority;
    return [priority('Seen.'), priority('A closed menu'), document.querySelector('nav').textContent];
  }, [1, 3, 'MENU CLOSED A']);

  await check('without layout, without frames: it ends, and what the page adds is followed', async () => {
    const results = {};
    const run = async (name, root, where = root.body ?? root) => {
      where.innerHTML = '<p>One <b>two</b>.</p>'.repeat(40);
      const first = where.innerHTML, page = translatePage(root, new FakeTranslator());
      await page.finished;
      const all = (where.textContent.match(/TWO ONE/g) ?? []).length;
      where.append(Object.assign((where.ownerDocument ?? where).createElement('p'), { textContent: 'Something new.' }));
      if (where.isConnected) await until(() => /NEW SOMETHING/.test(where.textContent));
      await page.restore();
      where.lastChild.remove();
      results[name] = [all, where.innerHTML === first];
    };
    fill('<iframe style="display: none" srcdoc="<p>x"></iframe><div style="content-visibility: hidden" id="skipped"></div>'
      + '<div id="host"></div>');
    const frame = document.querySelector('iframe');
    await until(() => frame.contentDocument.querySelector('p'));
    await run('a frame that is not displayed', frame.contentDocument);
    await run('content-visibility', document.getElementById('skipped'));
    await run('no longer in the page', document.createElement('div'));
    await run('a shadow root', document.getElementById('host').attachShadow({ mode: 'open' }));
    await run('a document without a window', new DOMParser().parseFromString('<title>x</title>', 'text/html'));
    globalThis.requestAnimationFrame = () => 0;
    globalThis.IntersectionObserver = class { observe() {} unobserve() {} disconnect() {} };
    await run('no frames', document);
    Object.defineProperty(document, 'hidden', { value: true });
    await run('in the background', document);
    return results;
  }, {
    'a frame that is not displayed': [40, true], 'content-visibility': [40, true], 'no longer in the page': [40, true],
    'a shadow root': [40, true], 'a document without a window': [40, true], 'no frames': [40, true],
    'in the background': [40, true],
  });
});
