/* Sentence splitter: texts with '|' where a sentence must end, and properties of any text. */
#include <string.h>
#include <time.h>

#include "check.h"
#include "text/sentence.h"
#include "text/sentence_lists.h"
#include "text/utf8.h"

/* '|' is not part of the text; white space around it is not part of a sentence. */
static const char *const texts[] = {
    "", " ", "Hello", "Hello.", " Hello. ", "Hello there.| How are you?| Fine!", "One. two. three.", "Wait...| What?",
    "I said... nothing.", "Really?!| Yes!!| OK.", "He asked why? and left.", "Is it 3.14 or 2,71?| It is 3.14.| Good.",
    /* abbreviations and titles */
    "Mr. Smith met Dr. Jones.| They talked.", "Prof. Dr. med. Müller kommt.| Er ist da.",
    "See Fig. 3 and Sec. 4 for details.", "Fruit, e.g. Apples, i.e. Food.| Good.",
    "Apples, pears, etc. are fruit.| Eat them.", "Apples, etc.| The end.", "Cats vs. Dogs.| Who wins?",
    "No. 5 is alive.| No.| I mean it.", "It costs approx. 5 euros.| Cheap.",
    "Das ist z. B. Berlin, d. h. Hauptstadt.| Schön.", "Das ist z.B. Berlin.| Schön.", "Er kam bzw. Sie kam.| Gut.",
    "Siehe Nr. 7, S. 12 ff. und Abb. 3.| Das war es.", "Äpfel, Birnen usw.| Das war es.",
    "Etwa ca. 100 Mio. Euro.| Viel Geld.", "Inkl. MwSt. und zzgl. Versand.| Die Rechnung folgt.",
    "Das war 50 n. Chr. in Rom.| So war es.", "Das war 50 n. Chr.| Der Rest folgt.",
    "Max. 5 Personen.| Das ist Max.| Er kommt.", "Dipl.-Ing. Weber baut.| Er kann es.", "Acme Inc. Chairman Bob left.",
    "He works at Acme Inc.| The pay is good.", "At 5 p.m. Eastern time.| At 5 p.m.| We left.",
    "Gen. Lee und Lt. Kim kamen.", "St. Petersburg ist schön.| Fr. Müller auch.", "(Siehe Abb. 4.)| Danach weiter.",
    "(Excl. Extension) and", "Am Montag ggf. Regen.| Sonst Sonne.",
    /* initials, Roman numbers */
    "J. R. R. Tolkien wrote it.| We read it.", "by J. Smith.| Good.", "The U.S. Army came.| It left.",
    "In the U.S.| The end.", "Friedrich II. König von Preußen.| Er lebte.", "World War II.| After that came peace.",
    "Ph.D. students work.",
    /* numbers, dates, versions, lists */
    "Am 3. Mai kam er.| Dann ging er.", "Am 24. Dezember 1999.| Es schneite.",
    "Der 2. Weltkrieg endete 1945.| Danach kam Frieden.", "Am 03.05.2020.| Der Rest.", "In 1995.| The year was good.",
    "Im Jahr 1995.| Damals war es kalt.", "Version v1.2.3 is out.| Use 1.2.4.| Now.", "Er ist 30.| Das ist alt.",
    "1. First things first.| 2. Second.", "1. Erstens kommt das Essen.", "a. Letter markers stay.| They do.",
    "a) One. b) Two.", "2.1. Title of a part.| Text.", "(1) One thing.| (2) Another.", "- 1. Item of a list.",
    "- 1. The item.", "## 3. Der Titel", "1.) Das Erste.| 2.) Das Zweite.", "IV. Teil vier",
    "The price is $3.50.| Cheap!", "It ended.| 5 people left.", "One.| - Two.| • Three.",
    /* quotes and brackets */
    "\"Go.\"| She went.", "She said \"no.\" and left.", "„Komm her!“| Er kam.", "„Was?“ fragte er.| Sie schwieg.",
    "»Ja.«| »Nein.«", "Il dit.| « Non. »", "(It was late.)| We slept.", "He left (at last.) and slept.",
    "It is late.| (We sleep.)", "It is late. (see below) Then", "“Yes.”| ‘No.’| Fine.", "‚Gut.‘| Er ging.",
    "Footnote.[1]| Next one.[12][3]| Last.", "**Bold.**| _Italic._| Plain.", "¿Qué?| ¡Sí!| Bien.",
    /* code, addresses, names of files */
    "Node.js is fast.| Use it.", "Call Array.prototype.map() here.| Then stop.", "Use foo.bar.| It works.",
    "Open foo.bar.| Nothing else.", "Open README.md or a.out now.", "See https://example.org/a.b?c=d.| It",
    "Visit www.example.org.| Thanks.", "Mail max.muster@example.org today.| Or not.", "Type `a.b`.| Then `c`.",
    "It returns.| `map` is next.", "Use .gitignore files.", "Run ./configure. && make", "My phone.| iPhone is good.",
    "x.y.z. is odd", "Yahoo! is a company.", "Use C++.| Or C#.| Or F#.", "obj?.prop ?? other", "a ? b : c",
    "foo().| Bar", "!important rule",
    /* line ends */
    "One\n|Two", "One\n|\n|Two", "One.\r\n|Two\r|Three", "a\xE2\x80\xA8|b\xE2\x80\xA9|c\xC2\x85|d",
    "Title\n|Mr.\n|Smith", "\n\n|Text\n", "a\f|b\v|c",
    /* other scripts, emoji, control characters */
    "これはペンです。|あれは本です。|終わり", "你好！|你是谁？|我。", "「はい。」と言った。", "Привет.| Как дела?| Хорошо.", "מה שלומך?| טוב.| תודה.",
    "كيف حالك؟| بخير.| شكرا.", "नमस्ते।| आप कैसे हैं?| ठीक।", "Gut.| Ärger.| Öl.| Übung.", "Er ging. ähnlich wie ich.",
    "Ωραία.| Ένα. ένα. δύο", "Great! 🎉| We won.", "Great! 🎉🎉 and more", "Great 🎉.| We won.", "Great! 👩‍👩‍👧| Next.",
    "🎉 We won.| Yes.", "One.\t|Two.\x01|Three.", "A…| B.", "a… b", "Hm.| \xC2\xA0Next.", "One.\xE3\x80\x80|Two.",
    "Done.| €5 please.", "What‽ Nothing.", "e.V. und AG.| Wir gehen.", ". . .", "...", "? ! .", "Dr.", "Mr. ", ".",
    "a.b. c.d.", "The end .| Really ?| Yes !",
};

/* Takes the marks out of `marked`; spans as they must come. Returns their number. */
static int expected_spans(const char *marked, char *text, size_t *size, sentence_span *spans)
{
    size_t n = 0, begin = 0;
    int count = 0;
    for (const char *p = marked;; p++) {
        if (*p && *p != '|') { text[n++] = *p; continue; }
        size_t from = begin, to = n;
        const char *blank = " \t\n\r\f\v\x01";
        while (from < to && strchr(blank, text[from])) from++;
        while (to > from && strchr(blank, text[to - 1])) to--;
        while (to - from >= 2 && !memcmp(text + from, "\xC2\xA0", 2)) from += 2;
        while (to - from >= 2 && !memcmp(text + to - 2, "\xC2\x85", 2)) to -= 2;
        while (to - from >= 3 && (!memcmp(text + to - 3, "\xE2\x80\xA8", 3) || !memcmp(text + to - 3, "\xE2\x80\xA9", 3) ||
                                  !memcmp(text + to - 3, "\xE3\x80\x80", 3))) to -= 3;
        if (to > from) spans[count++] = (sentence_span){ from, to };
        begin = n;
        if (!*p) break;
    }
    *size = n;
    return count;
}

TEST(table)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[512];
        size_t size;
        sentence_span want[64], got;
        const int n = expected_spans(texts[i], text, &size, want);
        int k = 0;
        for (size_t at = 0; at < size; k += got.end > got.begin) {
            at = sentence_next(text, size, at, &got);
            if (got.begin == got.end) continue;
            CHECK(k < n && got.begin == want[k].begin && got.end == want[k].end, "\"%s\": sentence %d is \"%.*s\"", texts[i], k,
                  (int)(got.end - got.begin), text + got.begin);
            if (k >= n) break;
        }
        CHECK(k == n, "\"%s\": %d sentences, expected %d", texts[i], k, n);
    }
}

static int is_blank(const char *text, size_t begin, size_t end)
{
    for (int length; begin < end; begin += (size_t)length) {
        const uint32_t c = utf8_read(text, end, begin, &length);
        const int blank = c <= ' ' || (c >= 0x7F && c <= 0xA0) || c == 0x1680 || (c >= 0x2000 && c <= 0x200B) || c == 0x2028 ||
                          c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
        if (!blank) return 0;
    }
    return 1;
}

/* Spans in order, none empty but the last, only blanks between them; the place to go on advances. */
static size_t check_spans(const char *text, size_t size)
{
    size_t count = 0, last = 0;
    for (size_t at = 0; at < size;) {
        sentence_span s;
        const size_t next = sentence_next(text, size, at, &s);
        CHECK(next > at && next <= size, "at %zu comes %zu of %zu", at, next, size);
        CHECK(s.begin >= last && s.begin <= s.end && s.end <= next,
              "span [%zu, %zu) after %zu, next %zu", s.begin, s.end, last, next);
        CHECK(s.end > s.begin || (s.begin == size && next == size), "an empty span at %zu", s.begin);
        CHECK(is_blank(text, last, s.begin), "text is lost between %zu and %zu", last, s.begin);
        if (next <= at || s.end > size) return count;
        last = s.end;
        at = next;
        count++;
    }
    CHECK(is_blank(text, last, size), "text is lost at the end, from %zu", last);
    return count;
}

TEST(any_text)
{
    static const char *const parts[] = {
        ".", "?", "!", "…", "。", " ", "\n", "a", "B", "1", "\"", "(", ")", "Mr", "z. B", "I", "[1]", "é", "É",
        "🎉", "\xFF", "\xE2\x80", "", "-", "*", "`", "\t", "日", "The", "12", "\xC2\xA0",
    };
    char text[256];
    for (int round = 0; round < 20000; round++) {
        size_t size = 0;
        for (int k = (int)(check_random() % 24); k > 0; k--) {
            const char *part = parts[check_random() % (sizeof parts / sizeof *parts)];
            const size_t n = *part ? strlen(part) : 1;              /* "" stands for a NUL byte */
            memcpy(text + size, part, n);
            size += n;
        }
        char *copy = malloc(size ? size : 1);                       /* its end is guarded by the sanitizer */
        memcpy(copy, text, size);
        check_spans(copy, size);
        free(copy);
    }
}

TEST(any_bytes)
{
    char text[64];
    for (int round = 0; round < 20000; round++) {
        const size_t size = check_random() % sizeof text;
        for (size_t i = 0; i < size; i++) text[i] = (char)check_random();
        check_spans(text, size);
    }
}

TEST(no_text)
{
    sentence_span s = { 7, 7 };
    CHECK(sentence_next("", 0, 0, &s) == 0 && s.begin == 0 && s.end == 0, "[%zu, %zu)", s.begin, s.end);
    CHECK(sentence_next("ab", 2, 2, &s) == 2 && s.begin == 2 && s.end == 2, "[%zu, %zu)", s.begin, s.end);
    CHECK(sentence_next(" \n\t ", 4, 0, &s) == 4 && s.begin == 4 && s.end == 4, "[%zu, %zu)", s.begin, s.end);
}

/* A megabyte of one thing: time must grow with the size, not with its square. */
TEST(long_texts)
{
    static const char *const units[] = { ".", " ", "a", "a. ", "a.", ".)", ". (", "A. B. ", "\n", ".\n", "1. ", "🎉 ", "! 🎉",
                                         "[1]", ".[1]",
                                         "。", "…", "\"", "Mr. ", "Go. ", "\xFF", ". . ", "a-", "((((", "\x01" };
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE);
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        const size_t n = strlen(units[u]);
        for (size_t i = 0; i < SIZE; i++) text[i] = units[u][i % n];
        const clock_t start = clock();
        sentence_span s;
        size_t count = 0;
        for (size_t at = 0; at < SIZE; count++) at = sentence_next(text, SIZE, at, &s);
        const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        CHECK(count >= 1 && seconds < 2, "a megabyte of \"%s\" took %.2f s", units[u], seconds);
    }
    free(text);
}

static void check_sorted(const char *const *list, size_t n)
{
    for (size_t i = 1; i < n; i++) CHECK(strcmp(list[i - 1], list[i]) < 0, "\"%s\" comes before \"%s\"", list[i - 1], list[i]);
}

#define SORTED(list) check_sorted(list, sizeof(list) / sizeof *(list))
TEST(lists_are_sorted)
{
    SORTED(LIST_never);
    SORTED(LIST_only_lower);
    SORTED(LIST_only_upper);
    SORTED(LIST_number);
    SORTED(LIST_starter);
    SORTED(LIST_start);
}

int main(void)
{
    RUN(table);
    RUN(lists_are_sorted);
    RUN(no_text);
    RUN(any_text);
    RUN(any_bytes);
    RUN(long_texts);
    return check_report();
}
