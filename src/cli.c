/* cli.c - build/dolmetsch: translates standard input to standard output, a line at a time.
 *
 * The same options, words and bytes out as scripts/translate.mjs. Memory is bounded by the model and
 * the longest line. A closed pipe ends it by SIGPIPE, as any filter. cli_pack.c is the other command. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dolmetsch.h"
#include "json.h"

enum { LINES_PER_JOB = 64, SLICE = 1 << 20 };

static const char usage[] =
    "usage: dolmetsch --model FOLDER|FILE [OPTION]... < english > german\n"
    "       dolmetsch pack MODEL.bin VOCAB.spm [LEX.bin] OUT\n"
    "\n"
    "Translates each line of standard input to one line of standard output.\n"
    "  --model PATH     a model folder (its chunks model.000, model.001, ...) or one model file\n"
    "  --attention      one JSON object per line: tokens, alignment and every attention\n"
    "  --beam N         follow N hypotheses side by side, up to 32; 1 unless given\n"
    "  --nbest N        N from 2 to the beam: one JSON object per line, whose sentences have\n"
    "                   up to N - 1 alternatives with their scores, best first\n"
    "  --no-split       each line is one sentence; what is longer than the model takes is split all the same\n"
    "  --shortlist WORD off: score the whole vocabulary at every step; on, unless given: only what the\n"
    "                   words of a sentence may become, where the model knows\n"
    "  --kernels NAME   ref, simd128, relaxed; the fastest unless given\n"
    "  --help           this text\n"
    "\n"
    "Exit status: 0; 1 where a file or a translation failed; 2 for wrong options.\n";

int complain(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("dolmetsch: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return code;
}

static int output_failed(void) { return complain(EXIT_FAILED, "standard output: %s", strerror(errno)); }

int print_help(void) { return fputs(usage, stdout) < 0 || fflush(stdout) ? output_failed() : 0; }

/* --- options ------------------------------------------------------------------------------------ */

/* Options with a value; those from BEAM on the engine may refuse. */
enum { MODEL, SHORTLIST, BEAM, NBEST, KERNELS, WITH_VALUE };
static const char *const names[WITH_VALUE] = { "--model", "--shortlist", "--beam", "--nbest", "--kernels" };

typedef struct {
    dm_model *model;
    dm_options options;
    const char *given[WITH_VALUE];   /* values as they were typed, or NULL */
    int json, help;
} program;

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

/* What is wrong with the value, or NULL. */
static const char *take_value(program *p, int option, const char *text)
{
    dm_options *o = &p->options;
    p->given[option] = text;
    if (option == KERNELS) o->kernels = text;
    if (option == SHORTLIST && !read_switch(text, &o->no_shortlist)) return "must be on or off";
    if ((option == BEAM && !read_number(text, &o->beam)) || (option == NBEST && !read_number(text, &o->nbest)))
        return "must be a number of up to four digits";
    return NULL;
}

/* Stops at --help, as what follows does not matter then. */
static int parse(int argc, char **argv, program *p)
{
    for (int i = 1; i < argc && !p->help; i++) {
        int option = 0;
        while (option < WITH_VALUE && strcmp(argv[i], names[option])) option++;
        if (!strcmp(argv[i], "--help")) p->help = 1;
        else if (!strcmp(argv[i], "--attention")) p->options.attention = 1;
        else if (!strcmp(argv[i], "--no-split")) p->options.no_split = 1;
        else if (option == WITH_VALUE) return complain(EXIT_USAGE, "%s: there is no such option; --help lists them", argv[i]);
        else if (++i == argc) return complain(EXIT_USAGE, "%s: its value is missing", names[option]);
        else {
            const char *wrong = take_value(p, option, argv[i]);
            if (wrong) return complain(EXIT_USAGE, "%s %s: %s", names[option], argv[i], wrong);
        }
    }
    p->json = p->options.attention || p->options.nbest > 1;
    if (p->help || (p->given[MODEL] && p->given[MODEL][0])) return 0;
    return complain(EXIT_USAGE, "no model is named: --model FOLDER|FILE is needed; --help says more");
}

/* An empty job says what the engine refuses, before the first line is waited for. */
static int check_options(const program *p)
{
    dm_error why;
    dm_job *job;
    const dm_status s = dm_job_new(p->model, NULL, 0, &p->options, &job, &why);
    dm_job_free(job);
    if (s != DM_ERR_ARGUMENT) return s ? complain(EXIT_FAILED, "%s: %s", dm_status_name(s), why.text) : 0;
    char given[160] = "";            /* all that it may be about: one that is right alone may be wrong beside another */
    size_t n = 0;
    for (int i = BEAM; i < WITH_VALUE && n < sizeof given; i++)
        if (p->given[i]) n += (size_t)snprintf(given + n, sizeof given - n, "%s%s %.100s", n ? " " : "", names[i], p->given[i]);
    return complain(EXIT_USAGE, "%s: %s", given, why.text);
}

/* --- translate ---------------------------------------------------------------------------------- */

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
    if (s) return complain(EXIT_FAILED, "%s: %s", dm_status_name(s), why.text);
    while ((s = dm_job_run(job, SLICE)) == DM_MORE) { }
    int code = s ? complain(EXIT_FAILED, "%s: while translating", dm_status_name(s)) : 0;
    for (int i = 0; i < n && !code; i++)
        if (!print_result(p, job, i)) code = output_failed();
    dm_job_free(job);
    if (!code && fflush(stdout)) code = output_failed();
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
        if (!reserve(&b, READ_BYTES)) { code = complain(EXIT_FAILED, "out of memory: a line is too long"); break; }
        const size_t searched = b.size;
        do got = read(STDIN_FILENO, b.bytes + b.size, READ_BYTES); while (got < 0 && errno == EINTR);
        if (got < 0) { code = complain(EXIT_FAILED, "standard input: %s", strerror(errno)); break; }
        b.size += (size_t)got;
        if (got == 0 || memchr(b.bytes + searched, '\n', (size_t)got)) code = translate_buffer(p, &b, got == 0);
    }
    free(b.bytes);
    return code;
}

/* Nobody has compared these bytes with the hashes of a manifest: the weights are added up. */
static int open_model(program *p, const buffer *file)
{
    dm_error why;
    dm_status s = dm_model_open(file->bytes, file->size, &p->model, &why);
    if (!s) s = dm_model_check(p->model, &why);
    return s ? complain(EXIT_FAILED, "%s: %s", p->given[MODEL], why.text) : 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "pack")) return run_pack(argc - 2, argv + 2);
    program p = { 0 };
    int code = parse(argc, argv, &p);
    if (code) return code;
    if (p.help) return print_help();
    buffer file = { 0 };
    code = read_model(&file, p.given[MODEL]);
    if (!code) code = open_model(&p, &file);
    if (!code) code = check_options(&p);
    if (!code) code = translate_input(&p);
    dm_model_close(p.model);
    free(file.bytes);
    return code;
}
