/* test_search.c - greedy and beam search over lattices: the right hypotheses in the right order, each with its
 * own attention, compared with a search that keeps whole prefixes and sorts everything. */
#include "check.h"
#include "lattice.h"
#include "search_check.h"

enum { END, UNKNOWN, A, B, C, D };

static const int32_t source[] = { 7 };

/* A word of the tokens' letters, '.' for the end. */
static const char *spell(const search_item *it, const hypothesis *h)
{
    static char word[LONGEST + 1];
    int nodes[LONGEST];
    search_nodes(it, h, nodes);
    for (int i = 0; i < h->n; i++) word[i] = ".?abcd"[it->ids[nodes[i]]];
    word[h->n] = 0;
    return word;
}

/* Searches one sentence of one token on every kernel set; wants: the found words, best first, separated by spaces. */
static void expect(lattice l, int limit, int beam, float normalize, const char *wants)
{
    const sentences in = { source, { 0, 1 }, { limit }, 1 };
    lattice_now = l;
    for (int k = 0; kernels_all[k]; k++) {
        arena a;
        arena_init(&a, 1 << 16);
        const dm_model m = lattice_model(&a);
        const search_item *it = check_search(&m, kernels_all[k], &in, beam, normalize, &a);
        char got[1024] = "";
        for (int i = 0; i < it->n_found; i++) {
            if (i) strcat(got, " ");
            strcat(got, spell(it, &it->found[i]));
        }
        CHECK(!strcmp(got, wants), "beam %d, %s: %s instead of %s", beam, kernels_all[k]->name, got, wants);
        CHECK(it->best.node == it->found[0].node && it->best.n == it->found[0].n, "the best so far is the best");
        arena_free(&a);
    }
}

/* --- by hand ------------------------------------------------------------------------------------ */

/* The first word seems to be a, but b goes on better. All end after two words. */
static int trap(int32_t s, const int32_t *prefix, int n, int32_t token)
{
    (void)s;
    if (n == 0) return token == A ? 4 : token == B ? 8 : NEVER;
    if (n == 2) return token == END ? 0 : NEVER;
    if (prefix[0] == A) return token == A ? 10 : token == B ? 11 : token == C ? 12 : token == D ? 14 : NEVER;
    return token == C ? 0 : token == D ? 40 : NEVER;
}

TEST(a_beam_sees_what_greed_does_not)
{
    expect(trap, 8, 1, 1, "aa.");
    expect(trap, 8, 2, 1, "bc. aa.");
    expect(trap, 8, 3, 1, "bc. aa. .");
    expect(trap, 8, 5, 1, "bc. aa. ab. ac. .");
}

/* Short or long: the sum favours "a.", the mean "bbb.". */
static int lengths(int32_t s, const int32_t *prefix, int n, int32_t token)
{
    (void)s;
    if (n == 0) return token == A ? 0 : token == B ? 16 : NEVER;
    if (prefix[0] == A) return token == END ? 0 : token == A ? 20 : NEVER;
    return n < 3 ? (token == B ? 0 : NEVER) : token == END ? 0 : NEVER;
}

TEST(length_normalisation)
{
    expect(lengths, 8, 2, 0, "a. bbb.");
    expect(lengths, 8, 2, 0.5f, "a. bbb.");
    expect(lengths, 8, 2, 4, "bbb. a.");
}

static int even(int32_t s, const int32_t *prefix, int n, int32_t token)
{
    (void)s; (void)prefix;
    return n < 2 ? (token == END ? NEVER : 5) : token == END ? 0 : NEVER;
}

TEST(of_equals_the_lower_row_then_the_lower_token)
{
    expect(even, 8, 1, 1, "aa.");
    expect(even, 8, 3, 1, "aa. ab. ac.");
    expect(even, 8, 6, 1, "aa. ab. ac. ad. ba. .");
}

/* Only "b." ends by itself. */
static int endless(int32_t s, const int32_t *prefix, int n, int32_t token)
{
    (void)s;
    if (n == 1 && prefix[0] == B) return token == END ? 0 : NEVER;
    return token == END ? NEVER : token == A + n % 3 ? 0 : token == B ? 6 : token == C ? 30 : 90;
}

TEST(at_the_limit_every_hypothesis_ends_and_stands_behind_the_others)
{
    expect(endless, 4, 1, 1, "abc.");
    expect(endless, 4, 2, 1, "b. abc.");
    expect(endless, 1, 1, 1, ".");
    expect(endless, 1, 4, 1, ".");
    const sentences in = { source, { 0, 1 }, { 4 }, 1 };
    arena a;
    arena_init(&a, 1 << 16);
    const dm_model m = lattice_model(&a);
    const search_item *it = check_search(&m, kernels_all[0], &in, 2, 1, &a);
    CHECK(!it->found[0].cut && it->found[1].cut, "%d %d", it->found[0].cut, it->found[1].cut);
    CHECK(it->found[1].score > it->found[0].score, "although %g > %g", it->found[1].score, it->found[0].score);
    arena_free(&a);
}

static int stutter(int32_t s, const int32_t *prefix, int n, int32_t token)
{
    (void)s; (void)prefix; (void)n;
    return token == A ? 0 : token == B ? 50 : NEVER;
}

TEST(a_repetition_ends)
{
    expect(stutter, 30, 1, 1, "aaaaaaa.");            /* ten, of which three are taken back */
    const sentences in = { source, { 0, 1 }, { 30 }, 1 };
    arena a;
    arena_init(&a, 1 << 16);
    const dm_model m = lattice_model(&a);
    const search_item *it = check_search(&m, kernels_all[0], &in, 2, 1, &a);
    CHECK(it->n_found == 2, "%d", it->n_found);
    CHECK(!strcmp(spell(it, &it->found[0]), "aaaaaaa."), "%s", spell(it, &it->found[0]));
    for (int i = 0; i < it->n_found; i++) {
        const hypothesis *h = &it->found[i];
        float sum = 0;
        for (int t = 0; t < h->n; t++) sum += it->self[h->node * it->limit + t];
        CHECK(h->cut && h->n < it->limit, "%s", spell(it, h));
        CHECK(fabsf(sum - 1) < 1e-5f, "attention of the end sums to %g", sum);
    }
    arena_free(&a);
}

/* Numbers fail after "a". */
static int broken(int32_t s, const int32_t *prefix, int n, int32_t token)
{
    (void)s;
    if (n && prefix[0] == A) return BROKEN;
    return n == 0 ? (token == A ? 0 : token == B ? 9 : NEVER) : token == END ? 0 : 80;
}
static int all_broken(int32_t s, const int32_t *prefix, int n, int32_t token)
{
    (void)s; (void)prefix; (void)n; (void)token;
    return BROKEN;
}

TEST(what_is_not_a_number_is_no_candidate)
{
    expect(broken, 8, 1, 1, "a.");
    expect(broken, 8, 2, 1, "b. ba.");
    expect(all_broken, 8, 1, 1, ".");
    expect(all_broken, 8, 4, 1, ".");
}

/* --- against the plain search --------------------------------------------------------------------- */

static uint32_t salt;

/* Every prefix has numbers of its own. */
static int random_steps(int32_t s, const int32_t *prefix, int n, int32_t token)
{
    uint32_t h = salt ^ (uint32_t)s * 2654435761u;
    for (int i = 0; i < n; i++) h = (h ^ (uint32_t)prefix[i]) * 16777619u + 0x9E3779B9u;
    h = (h ^ (uint32_t)token) * 2246822519u;
    h ^= h >> 15;
    h *= 3266489917u;
    return (int)((h >> 9) % 64);
}

typedef struct { int32_t ids[LONGEST]; int n, cut; float log_prob, score; } plain;
enum { MANY = BEAM * TOKENS };

static float row_logits(const dm_model *m, int32_t src, const plain *p, float *logits, int32_t *best)
{
    float log_sum;
    for (int c = 0; c < COLUMNS; c++)
        logits[c] = c >= TOKENS ? -INFINITY : c == UNKNOWN ? -127.0f / 16 : -(float)random_steps(src, p->ids, p->n, c) / 16;
    *best = kernels_all[0]->argmax(logits, COLUMNS, m->vocab->unk, &log_sum);
    return log_sum;
}

static void sort(plain *all, int n)
{
    for (int i = 1; i < n; i++)
        for (int j = i; j > 0 && (all[j].cut != all[j - 1].cut ? all[j - 1].cut : all[j].score > all[j - 1].score); j--) {
            const plain t = all[j];
            all[j] = all[j - 1];
            all[j - 1] = t;
        }
}

/* All ways to go on from n live ones, best first. */
static int spread(const dm_model *m, int32_t src, const plain *live, int n, int last, plain *out)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        float logits[COLUMNS];
        int32_t best;
        const float log_sum = row_logits(m, src, &live[i], logits, &best);
        for (int32_t c = 0; c < TOKENS; c++) {
            if (c == UNKNOWN || (last && c != best)) continue;
            plain p = live[i];
            p.log_prob += (logits[c] - logits[best]) - log_sum;
            p.score = p.log_prob;
            p.cut = last && c != END;
            p.ids[p.n++] = last ? END : c;
            out[count++] = p;
        }
    }
    if (!last) sort(out, count);
    return count;
}

static int plain_search(const dm_model *m, int32_t src, int limit, int beam, plain *found)
{
    static plain live[BEAM], next[MANY];
    int n = 1, n_found = 0;
    live[0] = (plain){ .n = 0 };
    for (int t = 0; n; t++) {
        int count = spread(m, src, live, n, t + 1 == limit, next);
        if (count > beam - n_found) count = beam - n_found;
        n = 0;
        for (int i = 0; i < count; i++) {
            if (next[i].ids[t]) live[n++] = next[i];
            else found[n_found++] = next[i];
        }
    }
    for (int i = 0; i < n_found; i++) found[i].score = found[i].log_prob / (float)found[i].n;
    sort(found, n_found);
    return n_found;
}

static void same(const search_item *it, int i, const plain *want, int n_source)
{
    int nodes[LONGEST];
    const hypothesis *h = &it->found[i];
    search_nodes(it, h, nodes);
    CHECK(h->n == want->n && h->cut == want->cut && h->score == want->score, "%s: n %d, %g; not n %d, %g",
          spell(it, h), h->n, h->score, want->n, want->score);
    for (int t = 0; t < h->n && h->n == want->n; t++) {
        CHECK(it->ids[nodes[t]] == want->ids[t], "%s: token %d", spell(it, h), t);
        const float *row = it->alignment + nodes[t] * n_source, *self = it->self + nodes[t] * it->limit;
        for (int j = 0; j < n_source; j++)
            CHECK(row[j] == prefix_mark(want->ids, t) + (float)j, "%s: alignment of token %d", spell(it, h), t);
        for (int j = 0; j <= t; j++) CHECK(self[j] == (j < t ? (float)want->ids[j] : ROOM), "%s: token %d", spell(it, h), t);
    }
}

TEST(as_a_search_that_sorts_everything)
{
    static const int32_t ids[] = { 3, 4, 5, 9, 3, 3, 8, 2, 2 };
    const sentences in = { ids, { 0, 3, 4, 6, 9 }, { 7, 9, 1, 8 }, BATCH };
    static plain want[MANY];
    lattice_now = random_steps;
    for (int round = 0; round < 40; round++) {
        salt = check_random();
        const int beam = round < 30 ? 1 + round % 6 : BEAM;
        arena a;
        arena_init(&a, 1 << 16);
        const dm_model m = lattice_model(&a);
        const search_item *items = check_search(&m, kernels_all[0], &in, beam, 1, &a);
        for (int b = 0; b < in.n; b++) {
            const int n = plain_search(&m, ids[in.offset[b]], in.limit[b], beam, want);
            CHECK(items[b].n_found == n, "beam %d: %d found, not %d", beam, items[b].n_found, n);
            for (int i = 0; i < n && i < items[b].n_found; i++) same(&items[b], i, &want[i], items[b].n_source);
        }
        arena_free(&a);
    }
}

int main(void)
{
    RUN(a_beam_sees_what_greed_does_not);
    RUN(length_normalisation);
    RUN(of_equals_the_lower_row_then_the_lower_token);
    RUN(at_the_limit_every_hypothesis_ends_and_stands_behind_the_others);
    RUN(a_repetition_ends);
    RUN(what_is_not_a_number_is_no_candidate);
    RUN(as_a_search_that_sorts_everything);
    return check_report();
}
