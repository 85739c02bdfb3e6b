/* test_copy.c - byte pieces copy the source's unknown characters, each once, and never invent one. */
#include <math.h>
#include <string.h>

#include "tokenizer_check.h"
#include "search/copy.h"

enum { MAX = 64 };

typedef struct {
    vocabulary v;
    output_part output;       /* all 400 columns, whatever the vocabulary has */
    int32_t ids[MAX];         /* the text's pieces */
    int n;
    copy_plan plan;
    float logits[400];
} fixture;

static int open_fixture(fixture *f, const char *text)
{
    *f = (fixture){ .n = 0 };
    const int opened = vocabulary_open(&f->v, "tests/golden/tiny.spm");
    CHECK(opened, "tests/golden/tiny.spm");
    if (!opened || tokenizer_size(f->v.t) > 400) return 0;
    const encoding e = encode(f->v.t, text, strlen(text));
    f->n = (int)e.n;
    for (int i = 0; i < f->n && i < MAX; i++) f->ids[i] = e.tokens[i].id;
    free(e.tokens);
    f->output = (output_part){ .layer.w = { .n = 400, .out = 400 } };
    CHECK(f->n <= MAX && !copy_plan_new(&f->plan, f->v.t, &f->output, f->ids, f->n, &f->v.memory), "plan");
    return 1;
}

static void close_fixture(fixture *f) { vocabulary_close(&f->v); }

/* How many byte pieces may come now, besides printable ASCII, which always may. */
static int allowed(fixture *f, const copy_state *s)
{
    int n = 0;
    for (int i = 0; i < 400; i++) f->logits[i] = 1;
    copy_mask(&f->plan, s, f->logits);
    for (int i = 0; i < tokenizer_size(f->v.t); i++) {
        const int byte = tokenizer_byte(f->v.t, i);
        const int is_free = byte < 0 || (byte >= ' ' && byte <= '~');
        CHECK(!is_free || f->logits[i] == 1, "piece %d is free and stays", i);
        n += !is_free && f->logits[i] == 1;
    }
    return n;
}

TEST(nothing_to_copy)
{
    fixture f;
    copy_state s = { 0 };
    if (!open_fixture(&f, "the cat")) return;
    CHECK(f.plan.n == 0, "%d runs", f.plan.n);
    CHECK(allowed(&f, &s) == 0, "no byte piece may come");
    CHECK(copy_forced(&f.plan, &s) == -1, "free choice");
    close_fixture(&f);
}

TEST(characters_are_spelt_once)
{
    fixture f;
    copy_state s = { 0 };
    if (!open_fixture(&f, "the \xF0\x9F\x98\x80 cat \xF0\x9F\x98\x81 \xE2\x82\xAC")) return;
    CHECK(f.plan.n == 3, "%d runs", f.plan.n);
    CHECK(allowed(&f, &s) == 2, "two lead bytes");           /* F0 for both faces, E2 */
    float alignment[MAX] = { 0 };
    alignment[f.plan.runs[1].begin] = 1;                     /* looks at the second face */
    char spelt[16] = { 0 };
    const int32_t lead = f.ids[f.plan.runs[1].begin];
    copy_take(&f.plan, &s, lead, alignment);
    int n = 0;
    spelt[n++] = (char)tokenizer_byte(f.v.t, lead);
    for (int32_t id; (id = copy_forced(&f.plan, &s)) >= 0 && n < 8; copy_take(&f.plan, &s, id, alignment)) {
        for (int i = 0; i < 400; i++) f.logits[i] = 1;
        copy_mask(&f.plan, &s, f.logits);
        for (int i = 0; i < 400; i++) CHECK((f.logits[i] == 1) == (i == id), "piece %d, only %d may come", i, id);
        spelt[n++] = (char)tokenizer_byte(f.v.t, id);
    }
    CHECK(!strcmp(spelt, "\xF0\x9F\x98\x81"), "spelt %d bytes", n);
    CHECK(allowed(&f, &s) == 2, "the first face and the euro are left");
    for (int round = 0; round < 2; round++) {
        int32_t id = f.ids[f.plan.runs[round ? 2 : 0].begin];
        copy_take(&f.plan, &s, id, NULL);
        while ((id = copy_forced(&f.plan, &s)) >= 0) copy_take(&f.plan, &s, id, NULL);
    }
    CHECK(allowed(&f, &s) == 0, "all are copied");
    close_fixture(&f);
}

/* Of a shortlist, the columns are another's: what may come is the same. */
TEST(a_shortlist_has_the_same_rules)
{
    fixture f;
    copy_state s = { 0 };
    if (!open_fixture(&f, "the \xF0\x9F\x98\x80 \xE2\x82\xAC")) return;
    int32_t ids[400];
    int n = 0;
    for (int i = 0; i < tokenizer_size(f.v.t); i++) {
        int keep = i % 3 == 0;
        for (int j = 0; j < f.n; j++) keep |= f.ids[j] == i;
        if (keep) ids[n++] = i;
    }
    f.output = (output_part){ .layer.w = { .n = n, .out = n }, .ids = ids };
    CHECK(!copy_plan_new(&f.plan, f.v.t, &f.output, f.ids, f.n, &f.v.memory), "plan");
    for (int round = 0; round < 2; round++) {
        int may = 0;
        for (int i = 0; i < n; i++) f.logits[i] = 1;
        copy_mask(&f.plan, &s, f.logits);
        for (int i = 0; i < n; i++) {
            const int byte = tokenizer_byte(f.v.t, ids[i]), is_free = byte < 0 || (byte >= ' ' && byte <= '~');
            CHECK(!is_free || f.logits[i] == 1, "piece %d is free", ids[i]);
            may += !is_free && f.logits[i] == 1;
        }
        CHECK(may == 2 - round, "round %d: %d lead bytes", round, may);
        copy_take(&f.plan, &s, f.ids[f.plan.runs[0].begin], NULL);
        for (int32_t id; (id = copy_forced(&f.plan, &s)) >= 0; copy_take(&f.plan, &s, id, NULL)) {
            for (int i = 0; i < n; i++) f.logits[i] = 1;
            copy_mask(&f.plan, &s, f.logits);
            for (int i = 0; i < n; i++) CHECK((f.logits[i] == 1) == (ids[i] == id), "piece %d, only %d may come", ids[i], id);
        }
    }
    close_fixture(&f);
}

TEST(other_pieces_change_nothing)
{
    fixture f;
    copy_state s = { 0 }, before = { 0 };
    if (!open_fixture(&f, "\xE2\x82\xAC the")) return;
    copy_take(&f.plan, &s, f.ids[f.n - 1], NULL);
    CHECK(!memcmp(&s, &before, sizeof s), "state changed");
    close_fixture(&f);
}

TEST(characters_in_a_row_are_copied_together)
{
    fixture f;
    copy_state s = { 0 };
    if (!open_fixture(&f, "the \xF0\x9F\x87\xA9\xF0\x9F\x87\xAA cat \xE2\x82\xAC")) return;
    CHECK(f.plan.n == 2 && f.plan.runs[0].n == 8, "a flag of two letters, a sign");
    int32_t id = f.ids[f.plan.runs[0].begin];
    int n = 0;
    for (; id >= 0; id = copy_forced(&f.plan, &s), n++) copy_take(&f.plan, &s, id, NULL);
    CHECK(n == 8, "%d bytes at once", n);
    CHECK(allowed(&f, &s) == 1, "the sign is left");
    close_fixture(&f);
}

TEST(broken_bytes_are_runs_too)
{
    fixture f;
    if (!open_fixture(&f, "a")) return;
    const int32_t *byte = tokenizer_byte_ids(f.v.t);
    const int32_t ids[] = { byte[0xE2], byte[0x82], byte[0x41], byte[0x82], byte[0x07], byte[0xF0] };
    CHECK(!copy_plan_new(&f.plan, f.v.t, &f.output, ids, 6, &f.v.memory), "plan");
    const int lengths[] = { 2, 3 };
    CHECK(f.plan.n == 2, "%d runs", f.plan.n);
    for (int r = 0; r < f.plan.n; r++) CHECK(f.plan.runs[r].n == lengths[r], "run %d: %d", r, f.plan.runs[r].n);
    close_fixture(&f);
}

int main(void)
{
    RUN(nothing_to_copy);
    RUN(characters_are_spelt_once);
    RUN(a_shortlist_has_the_same_rules);
    RUN(other_pieces_change_nothing);
    RUN(characters_in_a_row_are_copied_together);
    RUN(broken_bytes_are_runs_too);
    return check_report();
}
