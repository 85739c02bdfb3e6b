/* sentence_lists.h - the word lists of the sentence splitter: included by sentence_words.c and its test.
 *
 * Lower case without the last full stop, but for the words that start sentences; sorted by byte,
 * for binary search. */
#ifndef DM_SENTENCE_LISTS_H
#define DM_SENTENCE_LISTS_H

#define LIST_FIND(name, word) find(LIST_##name, (int)(sizeof(LIST_##name) / sizeof *LIST_##name), word)

/* Abbreviations after which a sentence goes on. */
static const char *const LIST_never[] = {
    "abb", "abschn", "abt", "allg", "approx", "bd", "bde", "bearb", "bes", "betr", "bez", "bsp", "bspw", "bzgl",
    "bzw", "ca", "capt", "cf", "d.h", "dept", "dgl", "dipl", "dr", "dt", "e.g", "ehem", "ehemal", "eidg", "eigtl",
    "einschl", "engl", "entspr", "entw", "eqs", "etw", "ev", "evtl", "excl", "exkl", "fa", "figs", "frz", "geb", "gebr",
    "geg", "gegr", "gem", "ges", "gest", "ggf", "ggü", "gouv", "griech", "hauptstr", "hdb", "hist", "hl", "hptm",
    "hr", "hrn", "hrsg", "i.e", "incl", "ing", "inkl", "insb", "insbes", "jew", "jur", "kath", "kfm", "kgl", "lat",
    "ldkr", "lfd", "lt", "maj", "med", "messrs", "mlle", "mme", "mr", "mrs", "ms", "mt", "nachf", "nat", "nr", "nrs",
    "näml", "nördl", "o.ä", "op", "orig", "oö", "phil", "pp", "prof", "rel", "rer", "resp", "röm", "sgt", "sog",
    "spez", "st", "std", "stellv", "südl", "techn", "tel", "tägl", "u.u", "univ", "urspr", "usf", "verf", "vergl",
    "verh", "versch", "vert", "veröff", "vgl", "viz", "vol", "vols", "vs", "westl", "wg", "wiss", "z.b", "z.t", "zt",
    "zus", "zzgl", "österr", "östl",
};

/* Abbreviations in this spelling only: in small letters before a number or name ("max. 5", but "Max."),
 * with a capital as a title ("Gen. Lee"). */
static const char *const LIST_only_lower[] = {
    "est", "exp", "max", "min", "misc", "sq",
};
static const char *const LIST_only_upper[] = {
    "adm", "brig", "cmdr", "col", "comdr", "fr", "frl", "gen", "gov", "hon", "insp", "lt", "mag", "pres", "rep",
    "rev", "sen", "supt",
};

/* Words and abbreviations that belong to a number after them. */
static const char *const LIST_number[] = {
    "abs", "anm", "app", "apr", "art", "aug", "ch", "dec", "dez", "eq", "ext", "feb", "fig", "jan", "kap", "mai",
    "mar", "max", "min", "mär", "no", "nov", "oct", "okt", "par", "pos", "sec", "sect", "sep", "sept", "tab", "ver",
    "vers", "ziff",
};

/* Abbreviations that often close a sentence. */
static const char *const LIST_starter[] = {
    "al", "aufl", "ave", "blvd", "bros", "chr", "co", "corp", "ed", "eds", "esq", "ff", "inc", "jahrh", "jg", "jh",
    "jhd", "jr", "ltd", "mind", "mio", "mrd", "mwst", "n.chr", "rd", "sek", "sr", "str", "tsd", "v.chr",
};

/* Words that start sentences and are no names. */
static const char *const LIST_start[] = {
    "A", "Aber", "After", "All", "Alle", "Allerdings", "Als", "Although", "Am", "An", "And", "Another", "As", "At",
    "Auch", "Auf", "Aus", "Außerdem", "Because", "Before", "Bei", "Beim", "Bis", "Bitte", "Both", "But", "By", "Da",
    "Dabei", "Daher", "Damals", "Damit", "Danach", "Dann", "Daraufhin", "Darum", "Das", "Dass", "Dazu", "Dem", "Den",
    "Denn", "Der", "Des", "Deshalb", "Die", "Dies", "Diese", "Dieser", "Dieses", "Doch", "Dort", "Durch", "Each",
    "Ein", "Eine", "Einem", "Einen", "Einer", "Er", "Erst", "Es", "Every", "For", "From", "Für", "He", "Her", "Here",
    "Heute", "Hier", "His", "How", "However", "I", "Ich", "If", "Ihr", "Ihre", "Im", "In", "Is", "Ist", "It", "Its",
    "Jede", "Jeder", "Jedes", "Jedoch", "Jetzt", "Kein", "Keine", "Let", "Man", "Many", "Mit", "Most", "My", "Nach",
    "Nachdem", "Nicht", "No", "Noch", "Not", "Now", "Nun", "Nur", "Ob", "Oder", "Ohne", "On", "Once", "One", "Our",
    "Please", "See", "Sein", "Seine", "Seit", "Seitdem", "She", "Sie", "Since", "So", "Sobald", "Solche", "Some",
    "Such", "That", "The", "Their", "Then", "There", "These", "They", "This", "Those", "To", "Today", "Trotzdem",
    "Um", "Und", "Uns", "Unser", "Unsere", "Unter", "Viele", "Vom", "Von", "Vor", "Warum", "Was", "We", "Weil",
    "Welche", "Wenn", "Wer", "What", "When", "Where", "Which", "While", "Who", "Why", "Wie", "Wir", "With", "Wo",
    "Während", "You", "Your", "Zu", "Zuerst", "Zum", "Zur", "Über",
};

#endif
