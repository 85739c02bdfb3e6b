/* test_job.c - a job in slices: what it says half-way, after a failure, and where it cuts what is too long. */
#include <string.h>

#include "golden_model.h"
#include "job_internal.h"

static const char *const models[] = { "transformer-ssru", "transformer-selfattn", "rnn", "bahdanau" };
enum { MODELS = sizeof models / sizeof *models };

static dm_job *new_job(dm_model *m, const char *text, size_t size)
{
    dm_job *job;
    dm_error why;
    const dm_text in = { text, size };
    const dm_status s = dm_job_new(m, &in, 1, NULL, &job, &why);
    CHECK(!s, "%s", why.text);
    return job;
}

static int control_characters(const char *text, size_t size)
{
    int n = 0;
    for (size_t i = 0; i < size; i++) n += (unsigned char)text[i] < ' ';
    return n;
}

/* The best hypothesis so far says nothing but ESC. */
static int spell_escapes(const dm_job *job)
{
    search_item *it = &job->items[0];
    int nodes[JOB_TARGET_TOKENS];
    search_nodes(it, &it->best, nodes);
    for (int t = 0; t < it->best.n; t++) it->ids[nodes[t]] = tokenizer_byte_ids(job->model->vocab)['\x1b'];
    return it->best.n;
}

/* Bytes may spell what moves a cursor: a space, in what is known so far as at the end. */
TEST(texts_have_no_control_characters)
{
    for (int i = 0; i < MODELS; i++) {
        arena memory;
        arena_init(&memory, 1 << 16);
        dm_model *m = golden_model(models[i], (dm_text){ NULL, 0 }, &memory);
        if (!m) continue;
        dm_job *job = new_job(m, "the cat sees the dog", 20);
        dm_text part;
        int spelt = 0;
        while (!spelt && dm_job_run(job, 1) == DM_MORE) spelt = job->running ? spell_escapes(job) : 0;
        CHECK(spelt > 0, "%s: nothing is known before the end", models[i]);
        CHECK(!dm_job_partial(job, 0, &part) && (int)part.size == spelt, "%s: %zu bytes of %d", models[i], part.size, spelt);
        CHECK(!control_characters(part.bytes, part.size), "%s: \"%.*s\"", models[i], (int)part.size, part.bytes);
        CHECK(dm_job_run(job, 1000) == DM_OK, "%s", models[i]);
        dm_result r;
        CHECK(!dm_job_result(job, 0, &r) && r.text_size > 0, "%s", models[i]);
        CHECK(!control_characters(r.text, r.text_size), "%s: \"%s\"", models[i], r.text);
        CHECK(!dm_job_partial(job, 0, &part) && part.bytes == r.text, "%s: the whole text is another", models[i]);
        dm_job_free(job);
        dm_model_close(m);
        arena_free(&memory);
    }
}

/* The arenas as malloc leaves them when it has nothing left, in the slice that finishes the batch. */
TEST(a_failed_job_says_so)
{
    arena memory;
    arena_init(&memory, 1 << 16);
    dm_model *m = golden_model("transformer-ssru", (dm_text){ NULL, 0 }, &memory);
    for (int scratch = 0; m && scratch < 2; scratch++) {
        dm_job *job = new_job(m, "the cat sees", 12);
        CHECK(dm_job_run(job, 3) == DM_MORE, "it is done too soon");
        if (scratch) job->scratch.block_size = SIZE_MAX;
        else job->results.failed = 1;
        CHECK(dm_job_run(job, 1000) == DM_ERR_MEMORY, "out of memory unseen");
        dm_text part;
        CHECK(dm_job_partial(job, 0, &part) == DM_ERR_MEMORY && !part.size, "a text of %zu bytes", part.size);
        CHECK(dm_job_run(job, 1) == DM_ERR_MEMORY, "it goes on");
        dm_job_free(job);
    }
    dm_model_close(m);
    arena_free(&memory);
}

/* A sentence of too many tokens is cut at its last comma, else at its last space: a NUL is no comma. */
TEST(cuts_at_commas)
{
    enum { WORDS = 200, COMMA = 50 };
    arena memory;
    arena_init(&memory, 1 << 16);
    dm_model *m = golden_model("transformer-ssru", (dm_text){ NULL, 0 }, &memory);
    for (int i = 0; m && i < 2; i++) {
        char text[2 * WORDS];
        for (int w = 0; w < WORDS; w++) text[2 * w] = 'a', text[2 * w + 1] = ' ';
        text[2 * COMMA] = i ? ',' : 0;
        dm_job *job = new_job(m, text, sizeof text);
        CHECK(job->n_pieces > 1 && (job->pieces[0].end == 2 * COMMA + 1) == i, "cut after byte %zu", job->pieces[0].end);
        dm_job_free(job);
    }
    dm_model_close(m);
    arena_free(&memory);
}

int main(void)
{
    RUN(texts_have_no_control_characters);
    RUN(a_failed_job_says_so);
    RUN(cuts_at_commas);
    return check_report();
}
