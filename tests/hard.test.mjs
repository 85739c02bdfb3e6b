// The checks of scripts/hard-checks.mjs: what is wrong fails the check that is meant for it, what is right passes all;
// and the hard set itself, whose references are right by definition.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { CHECKS, judge, readHardSet } from '../scripts/hard-checks.mjs';
import { SHIPPED } from './models.mjs';

const HARD_SET = 'tests/golden/hard.en-de.tsv';
const failures = (english, german, requirements = []) => {
  const verdict = judge(english, german, requirements);
  return Object.keys(verdict).filter((name) => !verdict[name]);
};

/** What must fail, by the check that must see it: [English, bad German]. */
const BAD = {
  'output': [['The cat sleeps.', ''], ['The cat sleeps.', '...'], ['The cat sleeps.', 'Die Katze schl\ufffdft.']],
  'repetition': [['Perfect! Thank you.', 'Perfekt! Danke. Perfekt! Danke.'], ['Perfect! Thank you.', 'Perfekt! Danke. Danke.'],
    ['to lower it', 'um die survivalenenenen Rate zu senken'], ['Not every bird can fly.', 'Nicht jeder kann wohl wohl wohl.'],
    ['The dog ran home.', 'Der Hund lief nach Hause lief nach Hause.'], ['Wait.', 'Warteeeee.']],
  'length': [['Save', 'Speichern Sie die Datei, bevor Sie das Fenster schließen'],
    ['Please read the whole text before you answer.', 'Bitte.']],
  'german': [['PLEASE READ THIS.', 'PLEASE READ THIS.'], ['The cat is in the garden.', 'The Katze ist in the Garten.'],
    ['the railway station restaurant', 'das railway station restaurant']],
  'negation': [['I do not agree.', 'Ich stimme zu.'], ['She never eats meat.', 'Sie isst Fleisch.'],
    ['i dont know', 'ich weiß'], ['He left without a word.', 'Er ging mit einem Wort.']],
  'no new negation': [['The file was saved.', 'Die Datei wurde nicht gespeichert.'], ['I have time.', 'Ich habe keine Zeit.']],
  'numbers': [['It costs $1,299.99.', 'Es kostet 1.299 $.'], ['More than 10,000 came.', 'Mehr als 1.000 kamen.'],
    ['Version 3.11 is out.', 'Version 3.12 ist da.'], ['It has 8 legs.', 'Es hat Beine.'],
    ['Open at 9:30.', 'Ab 9:30 bis 17 Uhr.'], ['It starts at 8 p.m.', 'Es beginnt um 21 Uhr.']],
  'urls': [['Visit https://example.org/docs.', 'Besuchen Sie https://example.org/doks.'],
    ['Write to info@example.org.', 'Schreiben Sie an Info@Beispiel.org.'],
    ['The page example.org/about', 'Die Seite Beispiel.org/about']],
  'code': [['Set `max_width` now.', 'Setzen Sie jetzt `maxbreite`.'], ['Hello {name}!', 'Hallo {Name}!'],
    ['%d files deleted', '% d Dateien gelöscht'], ['Use --verbose.', 'Verwenden Sie -verbose.'],
    ['Call getTime().', 'Rufen Sie getTime auf.']],
  'symbols': [['I love it 😍', 'Ich liebe es'], ['The flag 🇩🇪', 'Die Flagge 🇩']],
  'ending': [['Are you there?', 'Sind Sie da.'], ['Save changes', 'Änderungen speichern.'], ['Requirements:', 'Anforderungen']],
  'sentences': [['I came. I saw. I won.', 'Ich kam, sah und siegte.'], ['Yes. No.', 'Ja. Nein. Vielleicht. Oder.']],
  'capitals': [['ALL RIGHTS RESERVED.', 'Alle Rechte vorbehalten.']],
  'address': [['Are you sure you want it?', 'Bist du sicher, dass Sie es wollen?']],
};

/** What must pass everything: [English, good German]. */
const GOOD = [
  ['Perfect! Thank you.', 'Perfekt! Vielen Dank.'], ['I strongly disagree.', 'Da bin ich völlig anderer Meinung.'],
  ['It costs $1,299.99.', 'Es kostet 1.299,99 US-Dollar.'], ['It starts at 8:15 p.m.', 'Es beginnt um 20.15 Uhr.'],
  ['She was born on 07/14/1989.', 'Sie wurde am 14.7.1989 geboren.'], ['He has 3 cats.', 'Er hat drei Katzen.'],
  ['Back in the 1990s', 'In den 1990ern'], ['MADE IN GERMANY', 'IN DEUTSCHLAND HERGESTELLT'], ['STREET NAMES', 'STRAßENNAMEN'],
  ['The man who that is', 'Der Mann, der das ist'], ['It is he who, she says, left.', 'Er ist es, der, sagt sie, sie verließ.'],
  ['This is nonsense.', 'Das ist Unsinn.'], ['Name: Peter', 'Name: Peter'], ['https://example.org', 'https://example.org'],
  ['Smoking is not allowed here.', 'Rauchen ist hier verboten.'], ['No, no, no!', 'Nein, nein, nein!'],
  ['Microsoft Windows is a system.', 'Microsoft Windows ist ein System.'], ['', ''],
];

test('each check fails on what it is meant for', () => {
  assert.deepEqual(Object.keys(BAD), CHECKS.map((check) => check.name), 'every check has its bad examples');
  for (const [name, examples] of Object.entries(BAD))
    for (const [english, german] of examples)
      assert.ok(failures(english, german).includes(name), `${name} must fail: ${english} -> ${german}`);
});

test('good translations pass every check', () => {
  for (const [english, german] of GOOD) assert.deepEqual(failures(english, german), [], `${english} -> ${german}`);
});

test('requirements of a line', () => {
  assert.deepEqual(failures('The cat sleeps.', 'Die KATZE schläft.', ['katze|kater', 'schl(ä|ie)f']), []);
  assert.deepEqual(failures('The cat sleeps.', 'Der Hund schläft.', ['katze']), ['words']);
  assert.deepEqual(failures('I strongly disagree.', 'Ich stimme zu.', ['!stimme zu']), ['words']);
});

test('the hard set: 500 lines, 25 of each category, whose references pass', () => {
  const set = readHardSet(readFileSync(HARD_SET, 'utf8'));
  const sizes = new Map();
  for (const { category } of set) sizes.set(category, (sizes.get(category) ?? 0) + 1);
  assert.deepEqual([set.length, new Set(set.map((line) => line.english)).size, sizes.size], [500, 500, 20]);
  for (const [category, size] of sizes) assert.equal(size, 25, category);
  for (const { english, german, requirements } of set) {
    assert.deepEqual(failures(english, german, requirements), [], `${english} -> ${german}`);
    assert.ok(requirements.length > 0, `${english} asks for nothing of its own`);
    assert.ok(failures(english, english, requirements).length > 0 || /^https:\S+$/.test(english), `left as it is: ${english}`);
  }
});

test('a hard set that lacks a column is named by line', () => {
  assert.throws(() => readHardSet('caps\tA B\tC D\n\ncaps\tonly English\n'), /line 2 of the hard set/);
});

test('hard.mjs counts by category and by check, and the known failures are in the set', () => {
  const json = join(mkdtempSync(join(tmpdir(), 'hard-')), 'rates.json');
  const command = ['scripts/hard.mjs', '--model', SHIPPED, '--json', json, '--fails'];
  const out = execFileSync(process.execPath, command, { encoding: 'utf8' });
  const rates = JSON.parse(readFileSync(json, 'utf8'));
  assert.equal(rates.total.lines, 500);
  assert.equal(Object.values(rates.categories).reduce((sum, rate) => sum + rate.passed, 0), rates.total.passed);
  const printed = out.split('\n').filter((line) => line.includes('\t')).length;
  assert.equal(printed, 500 - rates.total.passed, 'each failed line is printed');
  assert.equal(rates.checks.output.lines, 500);
  assert.ok(rates.categories.caps.passed >= 12, 'text in capitals is translated');
  const set = new Set(readHardSet(readFileSync(HARD_SET, 'utf8')).map((line) => line.english));
  for (const known of ['Perfect! Thank you.', 'I strongly disagree.', 'ALL RIGHTS RESERVED.']) assert.ok(set.has(known));
});

test('words of other scripts and rare signs stay as they are, and the others are translated', () => {
  const lines = [
    ['日本語', /^日本語$/], ['Русский', /^Русский$/], ['中文 (简体)', /^中文 \(简体\)$/], ['Привет, мир!', /^Привет, мир!$/],
    ['Read this page in Русский or 中文.', /diese Seite.*Русский oder 中文/],
    ['Tokyo (東京) is the capital of Japan.', /\(東京\).*Hauptstadt/],
    ['© 2024 The project team', /^© 2024 /], ['Home · About · Contact', /^\S+ · \S+ · Kontakt$/],
    ['x ≥ 3 and y ≠ 4', /^x ≥ 3 und y ≠ 4$/], ['The room has 20 m² of space.', /20 m² /],
    ['The flag 🇩🇪 is black, red and gold.', /🇩🇪.*rot/],
  ];
  const input = lines.map(([english]) => english).join('\n');
  const out = execFileSync('build/dolmetsch', ['--model', SHIPPED], { input, encoding: 'utf8' }).trimEnd().split('\n');
  lines.forEach(([english, wanted], i) => assert.match(out[i], wanted, english));
});

/** Long numbers, by whose digits the weights lose their place. */
const AMOUNTS = {
  'en-de': ['Pay 1,000,000 euros.', 'Pi is about 3.14159.', 'The price is $1,299.99.', '$100,000.00', 'It has 1,048,576 bytes.',
    'Prices rose from $1,250.75 to $3,499.00 within 12 months.', 'In 1962, 1,960 people lived there.',
    'From 1914 to 1918 more than 9,000,000 soldiers died.'],
  'de-en': ['Der Preis beträgt 1.299,99 €.', 'Etwa 200.000 bis 400.000 Menschen leben dort.', 'Pi ist etwa 3,14159.',
    'Im Jahr 1962 kostete es 1.960,50 DM.', 'Die Stadt hat 1.000.000 Einwohner.'],
};

/** English times of day, and what stands in the German. */
const TIMES = [
  ['See you at 9:30 a.m.', /(?<!\d)9[:.]30/],
  ['Lunch is served from 11:30 a.m. to 2:00 p.m.', /11[:.]30.*14[:.]00/],
  ['The flight departs at 1:55 PM and lands at 4:40 PM.', /13[:.]55.*16[:.]40/],
  ['She called at 11 p.m.', /(23|elf) Uhr/],
  ['The shop is open 8:30 AM - 6:00 PM.', /(?<!\d)8[:.]30.*18[:.]00/],
];

test('a time of day stays the time that it is', () => {
  const input = TIMES.map(([english]) => english).join('\n');
  const out = execFileSync('build/dolmetsch', ['--model', SHIPPED], { input, encoding: 'utf8' }).trimEnd().split('\n');
  TIMES.forEach(([english, wanted], i) => assert.match(out[i], wanted, english));
});

for (const [name, lines] of Object.entries(AMOUNTS))
  test(`${name}: the digits of a long number stay as they are`, () => {
    const out = execFileSync('build/dolmetsch', ['--model', `models/${name}`], { input: lines.join('\n'), encoding: 'utf8' });
    const long = (/** @type {string} */ text) => (text.match(/\d+(?:[.,]\d+)*/g) ?? [])
      .map((number) => number.replace(/\D/g, '')).filter((digits) => digits.length > 2);
    const found = out.trimEnd().split('\n').map(long);
    lines.forEach((line, i) => found[i].forEach((digits) => assert.ok(long(line).includes(digits), `${line} -> ${digits}`)));
    assert.ok(found.filter((numbers) => numbers.length).length > lines.length - 2, 'most lines have their numbers');
  });
