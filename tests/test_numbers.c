/* test_numbers.c - which numbers of a text are kept, how they may be written, and that the search cannot change them. */
#include <math.h>
#include <string.h>

#include "tokenizer_check.h"
#include "search/numbers.h"

enum { MAX = 64, COLUMNS = 320 };

/* Every form of every number of the text: forms parted by '|', numbers by ' '. */
static void check_forms(const char *text, const char *wanted)
{
    char found[512] = "";
    number_forms n;
    for (size_t at = 0; number_next(text, strlen(text), at, &n); at = n.begin + n.size) {
        if (*found) strcat(found, " ");
        for (int f = 0; f < n.n_forms; f++) {
            if (f) strcat(found, "|");
            strncat(found, n.form[f].text, (size_t)n.form[f].size);
        }
        CHECK(n.begin >= at && n.size >= 1 && n.begin + n.size <= strlen(text), "range in %s", text);
    }
    CHECK(!strcmp(found, wanted), "%s: %s, not %s", text, found, wanted);
}

TEST(forms)
{
    check_forms("$1,299.99!", "1.299,99|1,299.99|1299.99|1299,99");
    check_forms("1.299,99 EUR", "1.299,99|1,299.99|1299.99|1299,99");
    check_forms("5,000,000 and 0.5", "5.000.000|5,000,000|5000000 0.5|0,5");
    check_forms("in 1962, room 204.", "1.962|1,962|1962 204");
    check_forms("20000 0123", "20.000|20,000|20000 0123");
    check_forms("3.14159", "3.14159|3,14159");
    check_forms("123456789012345678", "123.456.789.012.345.678|123,456,789,012,345,678|123456789012345678");
}

TEST(times_of_day)
{
    check_forms("at 9:30 a.m.", "9:30|9.30|09:30|09.30");
    check_forms("at 6.45 p.m., 11:05 PM", "18:45|18.45 23:05|23.05");
    check_forms("um 18.45 Uhr", "18:45|18.45|6:45|6.45");
    check_forms("at 12:30 pm or 12:30am", "12:30|12.30 0:30|0.30|00:30|00.30");
    check_forms("10:15-11:45", "10:15|10.15 11:45|11.45");
    check_forms("1:2, 16:9, 25:00, 9:60, 9:300, 1:23:45, 12:30.5, 9:5", "300 30.5|30,5");
    check_forms("9:3, 11 Uhr, 30 pm, 5 pears, 1.9 am, 7 a", "1.9|1,9");
    check_forms("5 amps, 5 pmol, 7 pm2", "19");
    check_forms("7 a.m. to 11 pm", "7 23");
    check_forms("at 12 a.m.; at 12 p.m.", "12");
    check_forms("5 to 6 p.m.; 5:00 and 6:30 p.m.", "18|6 5:00|5.00|05:00|05.00 18:30|18.30|6:30|6.30");
    check_forms("9:30", "9:30|9.30|09:30|09.30");
}

TEST(what_is_no_quantity_is_left_alone)
{
    check_forms("", "");
    check_forms("12 kg, 5 of 99", "");
    check_forms("version 2.1.3 at 192.168.0.1", "");
    check_forms("in the 1990s; 1990er", "");
    check_forms("am 12.5. und 31.12.2025", "");
    check_forms("it costs 12.50.", "12.50|12,50");
    check_forms("1.2.3.4.5.6.7.8.9.10.11", "");
    check_forms("1,000,00,000", "");
    check_forms("1234567890123456789", "");
    check_forms("1,234,567,890,123,456,789", "");
}

typedef struct {
    vocabulary v;
    output_part output;       /* every column, unless a test takes some away */
    int32_t ids[MAX];         /* the text's pieces; tests/golden/tiny.spm spells digits in byte pieces */
    int n;
    number_plan plan;
    float alignment[MAX], logits[COLUMNS];
} fixture;

static int open_fixture(fixture *f, const char *text)
{
    *f = (fixture){ .n = 0 };
    const int opened = vocabulary_open(&f->v, "tests/golden/tiny.spm");
    CHECK(opened, "tests/golden/tiny.spm");
    if (!opened || tokenizer_size(f->v.t) > COLUMNS) return 0;
    const encoding e = encode(f->v.t, text, strlen(text));
    f->n = (int)e.n;
    for (int i = 0; i < f->n && i < MAX; i++) f->ids[i] = e.tokens[i].id;
    free(e.tokens);
    f->output = (output_part){ .layer.w = { .n = COLUMNS, .out = tokenizer_size(f->v.t) } };
    CHECK(f->n <= MAX && !number_plan_new(&f->plan, f->v.t, &f->output, f->ids, f->n, &f->v.memory), "plan");
    return 1;
}

static void close_fixture(fixture *f) { vocabulary_close(&f->v); }

/* The model looks at number i, or at none (-1). */
static void look(fixture *f, int i)
{
    memset(f->alignment, 0, sizeof f->alignment);
    if (i >= 0) f->alignment[f->plan.numbers[i].begin] = 0.9f;
}

static int32_t id_of(const fixture *f, char c)
{
    return c == '.' ? f->ids[f->n - 1] : tokenizer_byte_ids(f->v.t)[(unsigned char)c];
}

/* Which of 0-9 . , and x may come now; the model would like a digit best. */
static const char *may_come(fixture *f, const number_state *s)
{
    static const char all[] = "0123456789.,x";
    static char found[sizeof all];
    int n = 0;
    for (int i = 0; i < COLUMNS; i++) f->logits[i] = 1;
    for (char c = '0'; c <= '9'; c++) f->logits[id_of(f, c)] = 2;
    number_mask(&f->plan, s, f->alignment, f->logits);
    for (int i = 0; all[i]; i++)
        if (f->logits[id_of(f, all[i])] > 0) found[n++] = all[i];
    found[n] = 0;
    return found;
}

static void take(fixture *f, number_state *s, const char *text)
{
    for (; *text; text++) number_take(&f->plan, s, id_of(f, *text), f->alignment);
}

#define MAY_COME(wanted) do { const char *found = may_come(&f, &s); \
    CHECK(!strcmp(found, wanted), "%s may come, not %s", found, wanted); } while (0)

TEST(a_number_is_written_to_its_end)
{
    fixture f;
    number_state s = { 0 };
    if (!open_fixture(&f, "the 5,000,000 cat 1962.")) return;
    CHECK(f.plan.n == 2, "%d numbers", f.plan.n);
    MAY_COME("0123456789.,x");                   /* looks nowhere */
    look(&f, 1);
    MAY_COME("1.,x");
    look(&f, 0);
    MAY_COME("5.,x");
    take(&f, &s, "5");
    MAY_COME("0.,");
    CHECK(f.logits[f.ids[0]] == -INFINITY, "no word inside a number");
    look(&f, -1);                                /* wherever it looks, once it is inside */
    take(&f, &s, ".000");
    MAY_COME(".");
    take(&f, &s, ".00");
    MAY_COME("0");
    take(&f, &s, "0");
    MAY_COME(".,");                              /* a digit was likelier than x, which is not glued to what should have gone on */
    look(&f, 0);
    MAY_COME("");
    look(&f, -1);
    take(&f, &s, ",");
    MAY_COME(".,");
    take(&f, &s, "x");
    MAY_COME("0123456789.,x");
    close_fixture(&f);
}

TEST(words_may_be_glued_where_no_digit_was_likelier)
{
    fixture f;
    number_state s = { 0 };
    if (!open_fixture(&f, "the 1962.")) return;
    look(&f, 0);
    take(&f, &s, "1962");
    for (int i = 0; i < COLUMNS; i++) f.logits[i] = 1;
    f.logits[id_of(&f, 'x')] = 2;
    number_mask(&f.plan, &s, f.alignment, f.logits);
    CHECK(f.logits[id_of(&f, 'x')] == 2 && f.logits[id_of(&f, '3')] == -INFINITY, "x may come, 3 may not");
    close_fixture(&f);
}

TEST(another_number_is_free)
{
    fixture f;
    number_state s = { 0 };
    if (!open_fixture(&f, "the 1962.")) return;
    take(&f, &s, "31.1");                        /* looks nowhere */
    look(&f, 0);
    MAY_COME("0123456789.,x");                   /* it goes on as it began */
    take(&f, &s, ".");
    MAY_COME("0123456789.,x");
    take(&f, &s, "x");
    MAY_COME("1.,x");
    take(&f, &s, "3");                           /* what may not come, should it come, is no number of the source */
    MAY_COME("0123456789.,x");
    close_fixture(&f);
}

/* Without a piece for the next digit the rule gives way. */
TEST(an_output_may_lack_a_digit)
{
    fixture f;
    number_state s = { 0 };
    int32_t ids[COLUMNS];
    int n = 0;
    if (!open_fixture(&f, "the 1962.")) return;
    for (int i = 0; i < tokenizer_size(f.v.t); i++)
        if (i != id_of(&f, '6')) ids[n++] = i;
    f.output = (output_part){ .layer.w = { .n = n, .out = n }, .ids = ids };
    CHECK(!number_plan_new(&f.plan, f.v.t, &f.output, f.ids, f.n, &f.v.memory), "plan");
    look(&f, 0);
    take(&f, &s, "19");
    for (int i = 0; i < n; i++) f.logits[i] = 1;
    number_mask(&f.plan, &s, f.alignment, f.logits);
    for (int i = 0; i < n; i++) CHECK(f.logits[i] == 1, "column %d", i);
    close_fixture(&f);
}

TEST(no_number_no_rule)
{
    fixture f;
    number_state s = { 0 };
    const number_state before = s;
    if (!open_fixture(&f, "the 12 cat.")) return;
    CHECK(f.plan.n == 0, "%d numbers", f.plan.n);
    take(&f, &s, "12");
    CHECK(!memcmp(&s, &before, sizeof s), "the state stays");
    MAY_COME("0123456789.,x");
    close_fixture(&f);
}

int main(void)
{
    RUN(forms);
    RUN(times_of_day);
    RUN(what_is_no_quantity_is_left_alone);
    RUN(a_number_is_written_to_its_end);
    RUN(words_may_be_glued_where_no_digit_was_likelier);
    RUN(another_number_is_free);
    RUN(an_output_may_lack_a_digit);
    RUN(no_number_no_rule);
    return check_report();
}
