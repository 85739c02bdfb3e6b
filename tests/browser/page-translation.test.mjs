/** Page translation in real Chromium and real Firefox, with a translator that reverses every sentence, so that whatever can
 *  change its place does.  FIREFOX=none leaves Firefox out. */

import { inEachBrowser } from './page-kit.mjs';

inEachBrowser(async (check) => {
  await check('inline markup, code, images; and back, node for node', async () => {
    fill(`<h1>The big <em>title</em></h1>
      <p>Read <a href="#x"><b>the new</b> guide</a> about <code>map(x)</code> now.</p>
      <ul><li>One <img alt="A cat" src="data:,"> here<li><a href="#">Home page</a> <a href="#">About us</a></ul>
      <pre>let it be</pre><p translate="no">not this</p><p class="notranslate">nor this</p>`);
    const compare = snapshot(), page = translatePage(document, new FakeTranslator());
    await page.finished;
    const found = { html: html(), lang: document.documentElement.lang, title: document.title, progress: page.progress };
    page.restore();
    return { ...found, after: compare() };
  }, {
    html: `<h1><em>TITLE</em> BIG THE</h1>
      <p>NOW <code>map(x)</code> ABOUT <a href="#x">GUIDE <b>NEW THE</b></a> READ.</p>
      <ul><li>HERE <img alt="CAT A" src="data:,"> ONE</li><li><a href="#">PAGE HOME</a> <a href="#">US ABOUT</a></li></ul>
      <pre>let it be</pre><p translate="no">not this</p><p class="notranslate">nor this</p>`,
    lang: 'de', title: 'PAGE A', progress: { done: 7, total: 7 }, after: { equal: true, html: '', same: true },
  });

  await check('keys that the translator changes are asked for again; what it copies does not wait for them', async () => {
    fill(`<p>Press <kbd>Tab</kbd> and <a href="#x"><kbd>Shift</kbd></a> now.</p><p>Call <code>f(x)</code>.</p>`);
    const compare = snapshot(), translator = new FakeTranslator({ hold: true }), page = translatePage(document, translator);
    const again = () => translator.calls.find(({ texts }) => texts.includes('Press {1} and {2} now.'));
    await until(() => {
      if (!again()) translator.release();
      return again();
    });
    const early = html();
    translator.hold = false;
    translator.release();
    await page.finished;
    const seen = html();
    page.restore();
    return [early, seen, again().texts, compare()];
  }, ['<p>Press <kbd>Tab</kbd> and <a href="#x"><kbd>Shift</kbd></a> now.</p><p><code>f(x)</code> CALL.</p>',
    '<p>NOW <a href="#x"><kbd>Shift</kbd></a> AND <kbd>Tab</kbd> PRESS.</p><p><code>f(x)</code> CALL.</p>',
    ['Press {1} and {2} now.'], { equal: true, html: '', same: true }]);

  await check('what stays as it is', async () => {
    const stays = `<pre>a pre</pre><kbd>Press Enter</kbd><samp>an output</samp><script>"a script"</script>
      <style>.icon { content: "a style" }</style><template><p>a template</p></template><noscript>no script</noscript>
      <svg><text>a drawing</text></svg><math><mi>a formula</mi></math><p translate="no">a <b>name</b></p>
      <p class="x notranslate">a name</p><div contenteditable>my <b>own</b> words</div><input value="my words">
      <textarea>my words</textarea><p hidden>a secret</p><p style="display: none">a secret</p><p lang="fr">du fromage</p>
      <span class="material-icons">home</span><i class="fa">add</i><a href="https://a.b/">https://a.b/c</a><p>1,000</p>`;
    fill(stays);
    const kept = html();
    fill(`${stays}<p>See <var>this name</var>, <code>of all</code> and <span translate="no">a <b>big</b> name</span>.</p>
      <div translate="no">no <p translate="yes">but yes</p></div>`);
    const translator = new FakeTranslator();
    await translatePage(document, translator).finished;
    return { stays: html().startsWith(kept), rest: html().slice(kept.length),
      texts: translator.calls.flatMap(({ texts }) => texts).sort() };
  }, {
    stays: true,
    rest: `<p><span translate="no">a <b>big</b> name</span> AND <code>of all</code>, <var>this name</var> SEE.</p>
      <div translate="no">no <p translate="yes">YES BUT</p></div>`,
    texts: ['A page', 'See {1}, {2} and {3}.', 'but yes'],
  });

  await check('attributes; a menu keeps its values', async () => {
    fill(`<img alt="a cat" title="the cat"><input placeholder="your name" value="me"><input type="button" value="send it">
      <input type="submit" value="go now"><p><a aria-label="go home" href="#">x</a></p><p><abbr title="two words">T</abbr></p>
      <select><optgroup label="big ones"><option>one cat
      <option value="2">two cats</optgroup></select>
      <p title="not this" translate="no">a</p><code title="nor this">b</code>`);
    const compare = snapshot(), page = translatePage(document, new FakeTranslator());
    await page.finished;
    const found = html(), value = document.querySelector('select').value;
    page.restore();
    const { equal, same } = compare();
    await translatePage(document, new FakeTranslator(), { attributes: false }).finished;
    return { found, value, equal, same, without: document.querySelector('img').title };
  }, {
    found: `<img alt="CAT A" title="CAT THE"><input placeholder="NAME YOUR" value="me"><input type="button" value="IT SEND">
      <input type="submit" value="go now"><p><a aria-label="HOME GO" href="#">X</a></p><p><abbr title="WORDS TWO">T</abbr></p>
      <select><optgroup label="ONES BIG"><option value="one cat">CAT ONE </option>`
      + `<option value="2">CATS TWO</option></optgroup></select>
      <p title="not this" translate="no">a</p><code title="nor this">b</code>`,
    value: 'one cat', equal: true, same: true, without: 'the cat',
  });

  await check('white space', async () => {
    fill(`<p>\n  One <b> two</b>three, <i>four</i> ,\n <a href="#">five </a>six<sup>1</sup>.  </p>
      <p>a<br>the <b>b<br>big c</b> d</p>
      <div style="white-space: pre-line">first line\nthe second</div><p>x <!-- y --><b>z</b></p><p>H<sub>2</sub>O is wet</p>`);
    const page = translatePage(document, new FakeTranslator());
    await page.finished;
    return [...document.body.children].map((element) => html(element));
  }, [
    ' SIX <a href="#">FIVE</a>, <i>FOUR</i>, <b>TWOTHREE</b> ONE<sup>1</sup>. ',
    'A<br>B THE<b><br>D C BIG</b>',
    'LINE FIRST\nSECOND THE',
    '<!-- y --><b>Z</b> X',
    'WET IS H<sub>2</sub>O',
  ]);

  await check('listeners, focus and selection stay', async () => {
    fill(`<p>Press <a href="#" id="a">the first</a> or <a href="#" id="b">the second</a> link.</p>
      <p id="t">These are some words.</p>`);
    const a = document.getElementById('a'), b = document.getElementById('b'), heard = [];
    for (const link of [a, b]) link.addEventListener('click', () => heard.push(link.id));
    document.querySelector('p').addEventListener('focusout', () => heard.push('focus lost'));
    b.focus();
    const text = document.getElementById('t').firstChild;
    getSelection().setBaseAndExtent(text, 6, text, 20);
    await translatePage(document, new FakeTranslator()).finished;
    a.click();
    b.click();
    return { html: document.querySelector('p').innerHTML, heard, active: document.activeElement.id,
      selected: String(getSelection()) };
  }, {
    html: 'LINK <a href="#" id="b">SECOND THE</a> OR <a href="#" id="a">FIRST THE</a> PRESS.',
    heard: ['a', 'b'], active: 'b', selected: 'SOME ARE THESE',
  });

  await check('shadow roots and iframes', async () => {
    fill('<div id="host">in the light</div><div id="no" translate="no"></div><iframe srcdoc="<p>in a frame"></iframe>');
    const inner = document.getElementById('host').attachShadow({ mode: 'open' });
    inner.innerHTML = '<p>in the shadow</p><slot></slot>';
    document.getElementById('no').attachShadow({ mode: 'open' }).innerHTML = '<p>a name</p>';
    const frame = document.querySelector('iframe');
    await until(() => frame.contentDocument.querySelector('p'));
    const paragraph = frame.contentDocument.querySelector('p');
    const page = translatePage(document, new FakeTranslator());
    await page.finished;
    const look = () => [html(inner), html(host), html(no.shadowRoot), paragraph.textContent,
                        frame.contentDocument.documentElement.lang];
    const host = document.getElementById('host'), no = document.getElementById('no'), first = look();
    inner.firstChild.textContent = 'a new shadow';
    paragraph.textContent = 'a new frame';
    await until(() => /[A-Z]/.test(paragraph.textContent) && /[A-Z]/.test(inner.textContent));
    const second = look();
    page.restore();
    return [first, second, look()];
  }, [
    ['<p>SHADOW THE IN</p><slot></slot>', 'LIGHT THE IN', '<p>a name</p>', 'FRAME A IN', 'de'],
    ['<p>SHADOW NEW A</p><slot></slot>', 'LIGHT THE IN', '<p>a name</p>', 'FRAME NEW A', 'de'],
    ['<p>a new shadow</p><slot></slot>', 'in the light', '<p>a name</p>', 'a new frame', ''],
  ]);

  await check('a page that goes on changing', async () => {
    fill(`<p id="a">You have <b>three</b> new <i>mails</i>.</p><p id="c">One cat.</p><ul><li>a first</li></ul>`
      + `<p id="s" hidden>no longer secret</p>`);
    const a = document.getElementById('a'), [have, three] = a.childNodes;
    const page = translatePage(document, new FakeTranslator());
    await page.finished;
    const seen = [a.innerHTML];
    have.data = 'He has ';                        // as React does: a text node that it holds
    await until(() => /HE/.test(a.innerHTML));
    seen.push(a.innerHTML);
    three.firstChild.data = 'many';
    a.removeChild(a.querySelector('i'));
    await until(() => /MANY/.test(a.innerHTML));
    seen.push(a.innerHTML);
    a.insertBefore(document.createElement('u'), three).textContent = 'very ';
    await until(() => /VERY/.test(a.innerHTML));
    seen.push(a.innerHTML);
    document.querySelector('ul').append(Object.assign(document.createElement('li'), { innerHTML: 'a <b>second</b>' }));
    document.getElementById('s').hidden = false;
    document.title = 'Another page';
    await until(() => /SECOND/.test(html()) && /SECRET/.test(html()) && document.title === 'PAGE ANOTHER');
    seen.push(html(document.querySelector('ul')), html(document.getElementById('s')));
    page.restore();
    return [...seen, html(), document.title];
  }, [
    '<i>MAILS</i> NEW <b>THREE</b> HAVE YOU.', '<i>MAILS</i> NEW <b>THREE</b> HAS HE.', 'NEW <b>MANY</b> HAS HE.',
    'NEW <b>MANY</b> <u>VERY</u> HAS HE.', '<li>FIRST A</li><li><b>SECOND</b> A</li>', 'SECRET LONGER NO',
    '<p id="a">He has <u>very </u><b>many</b> new .</p><p id="c">One cat.</p><ul><li>a first</li><li>a <b>second</b></li></ul>'
      + '<p id="s">no longer secret</p>', 'Another page',
  ]);

  await check('results that come too late are dropped', async () => {
    fill('<p id="a">old text</p><p id="b">going away</p><p id="c">it stays</p>');
    const translator = new FakeTranslator({ hold: true }), page = translatePage(document, translator);
    const asked = (text) => translator.calls.some(({ texts }) => texts.includes(text));
    await until(() => asked('old text'));
    document.getElementById('a').firstChild.data = 'new text';
    document.getElementById('b').remove();
    translator.release();
    await until(() => /STAYS/.test(html()));
    const first = html();
    await until(() => asked('new text'));
    translator.release();
    await page.finished;
    await until(() => /NEW/.test(html()));
    return [first, html(), page.progress];
  }, ['<p id="a">new text</p><p id="c">STAYS IT</p>', '<p id="a">TEXT NEW</p><p id="c">STAYS IT</p>', { done: 5, total: 5 }]);

  await check('abort and errors, at every stage', async () => {
    const reason = new Error('enough'), results = {};
    const run = async (name, options, when = async () => {}) => {
      fill('<p>One <b>two</b>.</p>'.repeat(60));
      const compare = snapshot(), abort = new AbortController(), errors = [], translator = new FakeTranslator(options);
      if (name === 'before') abort.abort(reason);
      const page = translatePage(document, translator, { signal: abort.signal, onError: (error) => errors.push(error.message),
        onProgress: ({ done }) => { if (name === 'writing' && done) abort.abort(reason); } });
      await when(abort, translator);
      const end = await page.finished.then(() => 'done',
        (error) => error === reason ? 'aborted' : `${error.name}: ${error.message}`);
      const left = html();
      await turns();
      const quiet = left === html();
      page.restore();
      const { equal, same } = compare();
      results[name] = [end, errors.join(), quiet && equal && same];
    };
    await run('before', {});
    await run('reading', {}, async (abort) => abort.abort(reason));
    await run('asked', { hold: true }, async (abort, translator) => {
      await until(() => translator.held.length);
      abort.abort(reason);
    });
    await run('writing', {});
    let count = 0;
    await run('one failure', { fail: () => { if (!count++) throw new Error('lost'); } });
    await run('failures', { fail: () => { throw new Error('lost'); } });
    const { translateDetailed } = FakeTranslator.prototype;
    FakeTranslator.prototype.translateDetailed = async () => [];
    await run('nothing', {});
    FakeTranslator.prototype.translateDetailed = translateDetailed;
    results.nothing[0] = results.nothing[0].replace(/\d+/, 'N');         // the title may go alone
    results.nothing[1] = results.nothing[1].replace(/\d+/, 'N');
    return results;
  }, {
    before: ['aborted', '', true], reading: ['aborted', '', true], asked: ['aborted', '', true], writing: ['aborted', '', true],
    'one failure': ['done', '', true], failures: ['Error: lost', 'lost', true],
    nothing: ['TypeError: the translator gave no translation for each of N texts',
              'the translator gave no translation for each of N texts', true],
  });

  await check('what is on show first; 2,000 blocks in slices', async () => {
    fill(Array.from({ length: 2000 }, (_, i) => `<p>Paragraph <b>number ${i}</b> here.</p>`).join(''));
    scrollTo(0, document.body.scrollHeight / 2);
    await turns();
    const visible = [...document.querySelectorAll('p')].findIndex((p) => p.getBoundingClientRect().top > 0);
    patient();
    performance.now = () => 0;                    // slices end by count alone
    const steps = [], translator = new FakeTranslator();
    let last = 0;
    const page = translatePage(document, translator, { onProgress: ({ done }) => {
      steps.push(done - last);
      last = done;
    } });
    await page.finished;
    const [title, first] = translator.calls;
    return { done: page.progress, title: title.texts, near: Math.abs(first.texts[0].match(/\d+/)[0] - visible) < 100,
      slices: Math.max(...steps), priority: first.priority, text: document.querySelector('p:last-child').innerHTML,
      far: translator.calls.at(-1).priority };
  }, {
    done: { done: 2001, total: 2001 }, title: ['A page'], near: true, slices: 25, priority: 1,
    text: 'HERE <b>1999 NUMBER</b> PARAGRAPH.', far: 3,
  });

  await check('each passage says its language at once, what is around when all is done', async () => {
    fill(`<p>One.</p><div lang="en-GB"><p>Two <i lang="en">three</i>.</p></div><p lang="fr">Quatre.</p>
      <ul><li>Five <code lang="en">six()</code></ul>
      <section lang="en">Eight <b>nine</b>.<p id="far" style="margin-top: 9000px">Ten.</p></section>`);
    patient();
    const compare = snapshot(), translator = new FakeTranslator({ hold: true }), page = translatePage(document, translator);
    const languages = () => ['html', 'title', 'p', 'div', 'div p', 'i', '[lang=fr]', 'ul', 'li', 'code', 'section', 'b', '#far']
      .map((name) => document.querySelector(name).lang).join();
    const seen = [];
    for (const holds of [() => /NINE/.test(html()), () => /TEN/.test(html())]) {
      while (!holds()) {                            // what is on show, then the rest
        await until(() => translator.held.length);
        const { done } = page.progress;
        translator.held.shift()();
        await until(() => page.progress.done > done);
      }
      seen.push(languages());
    }
    await page.finished;
    document.body.append(Object.assign(document.createElement('h2'), { textContent: 'Seven.' }));
    await until(() => translator.held.length);
    translator.release();
    await until(() => document.querySelector('h2').textContent === 'SEVEN.');
    seen.push(document.querySelector('h2').outerHTML);
    page.restore();
    document.querySelector('h2').remove();
    return [...seen, compare()];
  }, ['en,de,de,en-GB,de,de,fr,,de,en,en,de,', 'de,de,de,en-GB,de,de,fr,,de,en,de,de,de', '<h2>SEVEN.</h2>',
    { equal: true, html: '', same: true }]);

  await check('a large page is given back in frames, what is on show at once; a new translation waits for it', async () => {
    fill(Array.from({ length: 2000 }, (_, i) => `<p>Paragraph <b>number ${i}</b> here.</p>`).join(''));
    const compare = snapshot(), first = translatePage(document, new FakeTranslator(), { observe: false });
    await first.finished;
    scrollTo(0, document.body.scrollHeight / 2);
    await turns();
    const all = [...document.querySelectorAll('p')], isBack = (p) => p.firstChild.data === 'Paragraph ';
    const onShow = all.filter((p) => p.getBoundingClientRect().bottom > 0 && p.getBoundingClientRect().top < innerHeight);
    const restored = first.restore(), atOnce = all.filter(isBack).length;
    const translator = new FakeTranslator(), second = translatePage(document, translator);
    const again = first.restore(), seen = [onShow.length > 5 && onShow.every(isBack), atOnce < 1000];
    await restored;
    seen.push(all.every(isBack), translator.calls.length, again === restored);
    await second.finished;
    seen.push(all.some(isBack));
    await second.restore();
    return [...seen, compare()];
  }, [true, true, true, 0, true, false, { equal: true, html: '', same: true }]);

  await check('stopped, translated again, restored', async () => {
    fill('<p>One <b>two</b> three.</p><p>Four.</p>');
    const compare = snapshot(), first = translatePage(document, new FakeTranslator(), { observe: false });
    await first.finished;
    first.stop();
    const translator = new FakeTranslator(), second = translatePage(document, translator);
    await second.finished;
    const texts = translator.calls.flatMap(({ texts }) => texts);
    second.restore();
    const restored = compare();
    const third = translatePage(document, new FakeTranslator({ hold: true }));
    await turns();
    third.restore();
    return [texts, restored.equal && restored.same, await third.finished.catch(({ name }) => name), compare().equal];
  }, [['A page', 'One two three.', 'Four.'], true, 'AbortError', true]);
});
