"""Reads the Ding dictionary (German, English) as pairs: the general words and phrases that a corpus of documentation lacks.

What: `for english, german in read(path)`. The file is /usr/share/trans/de-en of Debian's package trans-de-en, by Frank Richter
(TU Chemnitz), GPL 2 or later. A line is `German :: English`, both in as many parts between `|`: the headword, its forms,
phrases, sentences. A part is a list of synonyms between `;`, with notes in brackets of four kinds.
What not: no sampling weights (data.py).
Who calls: data.py, where --dictionary is given.

Every English synonym is paired with the first German one, the most usual; a single English word that has more German
translations than SENSES is left out, since nothing says which is meant.
"""

import collections
import re

SENSES = 2
NOTES = re.compile(r"\s*(?:\{[^{}]*\}|\[[^\[\]]*\]|\([^()]*\)|<[^<>]*>|(?<!\S)/[^/\s]+/(?!\S))")
# The dictionary's stand-ins for any person and thing, in full; what has others, or "x/y" for "x or y", is left out.
IN_FULL = {
    "sb./sth.": "something", "sth./sb.": "something", "sb.": "somebody", "sth.": "something",
    "sb.'s": "somebody's", "sb.’s": "somebody’s",
    "jdn./etw.": "etwas", "etw./jdn.": "etwas", "jdm./etw.": "jemandem", "jdn.": "jemanden", "jdm.": "jemandem",
    "jd.": "jemand", "jds.": "jemandes", "etw.": "etwas",
}
UNCLEAR = re.compile(r"[/|{}\[\]()<>+=~_]|\.\.\.|…|\b(?:jdn|jdm|jds|etw|sb|sth|esp|usw|bes)\b")


def without_notes(text):
    before = None
    while before != text:  # notes may lie in notes
        before, text = text, NOTES.sub("", text)
    return text


def plain(text):
    """One synonym without notes, stand-ins in full; "" where it is no plain text."""
    text = " ".join(IN_FULL.get(word, word) for word in without_notes(text).split())
    return "" if UNCLEAR.search(text) else text


def synonyms(part):
    # A semicolon in a note parts nothing, so the notes go first; "/X/;" is seen to be one only when it stands alone.
    return [text for text in map(plain, without_notes(part).split(";")) if text]


def headword(english):
    return english.removeprefix("to ")


def parts(line):
    """Yields (English synonyms, German synonyms) of one line."""
    german, found, english = line.partition(" :: ")
    sides = english.split(" | "), german.split(" | ")
    if found and len(sides[0]) == len(sides[1]):
        yield from ((synonyms(e), synonyms(g)) for e, g in zip(*sides))


def read(path, senses=SENSES):
    """-> [(English, German)], each once, in the order of the file; single words have at most `senses` translations."""
    pairs, meanings = {}, collections.defaultdict(set)
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                continue
            for english, german in parts(line.rstrip("\n")):
                for text in english if german else ():
                    pairs[text, german[0]] = None
                    meanings[headword(text).lower()].add(german[0])
    return [(english, german) for english, german in pairs
            if " " in headword(english) or len(meanings[headword(english).lower()]) <= senses]
