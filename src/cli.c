/* cli.c - build/dolmetsch: translates standard input to standard output, a line at a time.
 *
 * The same options and the same bytes out as scripts/translate.mjs. Memory is bounded by the model and
 * the longest line. Also packs a Marian model: dolmetsch pack model.bin vocab.spm [lex.bin] out */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dolmetsch.h"
#include "json.h"
#include "model/marian.h"

enum { EXIT_USAGE = 2, READ_BYTES = 1 << 16, LINES_PER_JOB = 64, SLICE = 1 << 20 };

static const char usage[] =
    "usage: dolmetsch --model FOLDER|FILE [OPTION]... < english > german\n"
    "       dolmetsch pack MODEL.bin VOCAB.spm [LEX.bin] OUT\n"
    "\n"
    "Translates each line of standard input to one line of standard output.\n"
    "  --model PATH     a model folder (manifest.json and chunks) or one model file\n"
    "  --attention      one JSON object per line: tokens, alignment and every attention\n"
    "  --beam N         follow N hypotheses side by side, up to 32; 1 unless given\n"
    "  --nbest N        N from 2 to the beam: one JSON object per line, whose sentences have\n"
    "                   up to N - 1 alternatives with their scores, best first\n"
    "  --no-split       each line is one sentence; what is longer than the model takes is split all the same\n"
    "  --shortlist WORD off: score the whole vocabulary at every step; on, unless given: only what the\n"
    "                   words of a sentence may become, where the model knows\n"
    "  --kernels NAME   ref, simd128, relaxed; the fastest unless given\n"
    "  --help           this text\n";

static int complain(int code, const char *what, const char *why)
{
    fprintf(stderr, "dolmetsch: %s%s%s\n", what, why[0] ? ": " : "", why);
    return code;
}

/* --- files -------------------------------------------------------------------------------------- */

typedef struct { char *bytes; size_t size, room; } buffer;

/* Room for `more` bytes after size, 64-byte aligned as a model must be. */
static int reserve(buffer *b, size_t more)
{
    if (more <= b->room - b->size) return 1;
    const size_t room = (2 * b->room + more + 63) / 64 * 64;
    char *grown = aligned_alloc(64, room);
    if (!grown) return 0;
    if (b->size) memcpy(grown, b->bytes, b->size);
    free(b->bytes);
    b->bytes = grown;
    b->room = room;
    return 1;
}

/* Appends a whole file; 0 and errno on failure. */
static int append_file(buffer *b, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    size_t got = 0;
    do {
        if (!reserve(b, READ_BYTES)) { errno = ENOMEM; break; }
        got = fread(b->bytes + b->size, 1, READ_BYTES, f);
        b->size += got;
    } while (got);
    const int ok = feof(f) && !ferror(f);
    fclose(f);
    return ok;
}

/* A model file, or the chunks model.000, model.001, ... of a folder. 0 with errno set on failure. */
static int read_model(buffer *b, const char *path)
{
    char chunk[4096];
    for (int i = 0;; i++) {
        if (snprintf(chunk, sizeof chunk, "%s/model.%03d", path, i) >= (int)sizeof chunk) { errno = ENAMETOOLONG; return 0; }
        if (append_file(b, chunk)) continue;
        if (i > 0 && errno == ENOENT) return 1;
        return i == 0 && append_file(b, path);
    }
}

/* --- pack --------------------------------------------------------------------------------------- */

static int write_file(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f) return 0;
    const int ok = fwrite(bytes, 1, size, f) == size;
    return fclose(f) == 0 && ok;
}

static int run_pack(int argc, char **argv)
{
    if (argc < 3 || argc > 4) return fputs(usage, stderr), EXIT_USAGE;
    buffer in[3] = { { 0 } };
    for (int i = 0; i < argc - 1; i++)
        if (!append_file(&in[i], argv[i])) return complain(1, argv[i], strerror(errno));
    arena a;
    arena_init(&a, 1 << 20);
    uint8_t *out;
    size_t size;
    dm_error why = { "" };
    const dm_text parts[3] = { { in[0].bytes, in[0].size }, { in[1].bytes, in[1].size }, { in[2].bytes, in[2].size } };
    int code = 0;
    const dm_status s = marian_convert(parts[0], parts[1], parts[2], &a, &out, &size, &why);
    if (s) code = complain(1, argv[0], why.text[0] ? why.text : dm_status_name(s));
    else if (!write_file(argv[argc - 1], out, size)) code = complain(1, argv[argc - 1], strerror(errno));
    for (int i = 0; i < 3; i++) free(in[i].bytes);
    arena_free(&a);
    return code;
}

/* --- translate ---------------------------------------------------------------------------------- */

typedef struct { dm_model *model; dm_options options; int json; } program;

static int print_result(const program *p, const dm_job *job, int i)
{
    dm_result r;
    if (dm_job_result(job, i, &r)) return 0;
    size_t size = r.text_size;
    char *line = p->json ? json_result(&r, &size) : NULL;
    if (p->json && !line) return 0;
    const int ok = fwrite(line ? line : r.text, 1, size, stdout) == size && putchar('\n') != EOF;
    free(line);
    return ok;
}

static int translate_lines(const program *p, const dm_text *lines, int n)
{
    dm_error why;
    dm_job *job;
    dm_status s = dm_job_new(p->model, lines, n, &p->options, &job, &why);
    if (s) return complain(1, dm_status_name(s), why.text);
    while ((s = dm_job_run(job, SLICE)) == DM_MORE) { }
    int code = s ? complain(1, dm_status_name(s), "while translating") : 0;
    for (int i = 0; i < n && !code; i++)
        if (!print_result(p, job, i)) code = complain(1, "standard output", strerror(errno));
    dm_job_free(job);
    if (!code && fflush(stdout)) code = complain(1, "standard output", strerror(errno));
    return code;
}

/* Translates the whole lines of b and keeps the rest; at the end of input the rest is a line too. */
static int translate_buffer(const program *p, buffer *b, int at_end)
{
    dm_text lines[LINES_PER_JOB];
    size_t at = 0;
    int n = 0, code = 0;
    while (!code && at < b->size) {
        const char *end = memchr(b->bytes + at, '\n', b->size - at);
        if (!end && !at_end) break;
        const size_t size = end ? (size_t)(end - (b->bytes + at)) : b->size - at;
        lines[n++] = (dm_text){ b->bytes + at, size };
        at += size + (end ? 1 : 0);
        if (n == LINES_PER_JOB) code = translate_lines(p, lines, n), n = 0;
    }
    if (!code && n) code = translate_lines(p, lines, n);
    b->size -= at;
    memmove(b->bytes, b->bytes + at, b->size);
    return code;
}

static int translate_input(const program *p)
{
    buffer b = { 0 };
    int code = 0;
    for (ssize_t got = 1; got > 0 && !code;) {
        if (!reserve(&b, READ_BYTES)) { code = complain(1, "out of memory", "a line is too long"); break; }
        const size_t searched = b.size;
        do got = read(STDIN_FILENO, b.bytes + b.size, READ_BYTES); while (got < 0 && errno == EINTR);
        if (got < 0) { code = complain(1, "standard input", strerror(errno)); break; }
        b.size += (size_t)got;
        if (got == 0 || memchr(b.bytes + searched, '\n', (size_t)got)) code = translate_buffer(p, &b, got == 0);
    }
    free(b.bytes);
    return code;
}

/* Up to four digits. */
static int read_number(const char *text, int *out)
{
    const size_t digits = strspn(text, "0123456789");
    *out = atoi(text);
    return digits > 0 && digits <= 4 && !text[digits];
}

/* "on" or "off", for an option that says the opposite. */
static int read_switch(const char *text, int *off)
{
    *off = !strcmp(text, "off");
    return *off || !strcmp(text, "on");
}

static int parse(int argc, char **argv, program *p, const char **model)
{
    dm_options *o = &p->options;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--attention")) o->attention = 1;
        else if (!strcmp(argv[i], "--no-split")) o->no_split = 1;
        else if (!strcmp(argv[i], "--model") && i + 1 < argc) *model = argv[++i];
        else if (!strcmp(argv[i], "--kernels") && i + 1 < argc) o->kernels = argv[++i];
        else if (!strcmp(argv[i], "--shortlist") && i + 1 < argc && read_switch(argv[i + 1], &o->no_shortlist)) i++;
        else if (!strcmp(argv[i], "--beam") && i + 1 < argc && read_number(argv[i + 1], &o->beam)) i++;
        else if (!strcmp(argv[i], "--nbest") && i + 1 < argc && read_number(argv[i + 1], &o->nbest)) i++;
        else return complain(EXIT_USAGE, "unknown or incomplete option", argv[i]);
    }
    p->json = o->attention || o->nbest > 1;
    return *model ? 0 : (fputs(usage, stderr), EXIT_USAGE);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--help")) return fputs(usage, stdout) < 0;
    if (argc > 1 && !strcmp(argv[1], "pack")) return run_pack(argc - 2, argv + 2);
    program p = { 0 };
    const char *path = NULL;
    int code = parse(argc, argv, &p, &path);
    if (code) return code;
    buffer file = { 0 };
    dm_error why;
    if (!read_model(&file, path)) code = complain(1, path, strerror(errno));
    else if (dm_model_open(file.bytes, file.size, &p.model, &why)) code = complain(1, path, why.text);
    else code = translate_input(&p);
    dm_model_close(p.model);
    free(file.bytes);
    return code;
}
