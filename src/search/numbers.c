#include "search/numbers.h"

#include <math.h>
#include <string.h>

/* A number that was not begun as one of the source's may be anything. */
enum place { NOWHERE, IN_OTHER, AFTER_OTHER_MARK, INSIDE, ENDED, AFTER_ENDED_MARK };

enum { BLANK_SIZE = 3, MAX_NUMBERS = 1 << 10 };
static const char BLANK[] = "\xE2\x96\x81";
static const float POINTS = 0.5f;             /* of a step's alignment, on one number */

static int is_blank(const char *text, size_t left) { return left >= BLANK_SIZE && !memcmp(text, BLANK, BLANK_SIZE); }

/* The number that the model looks at, or -1. */
static int aimed_at(const number_plan *plan, const float *alignment)
{
    for (int i = 0; alignment && i < plan->n; i++) {
        float sum = 0;
        for (int j = plan->numbers[i].begin; j < plan->numbers[i].end; j++) sum += alignment[j];
        if (sum > POINTS) return i;
    }
    return -1;
}

/* A character of the number that s is inside of; 0 where it cannot come next. */
static int go_on(const number_plan *plan, number_state *s, char c)
{
    const number_forms *forms = &plan->numbers[s->number].forms;
    int left = 0, is_whole = 0;
    for (int f = 0; f < forms->n_forms; f++) {
        if (!(s->forms >> f & 1) || s->at >= forms->form[f].size || forms->form[f].text[s->at] != c) continue;
        left |= 1 << f;
        is_whole |= s->at + 1 == forms->form[f].size;
    }
    s->forms = (unsigned char)left;
    s->at++;
    if (is_whole) s->place = ENDED;
    return left != 0;
}

/* A digit where no number was: the first one of the number that is looked at, if any. */
static int begin(const number_plan *plan, number_state *s, int aim, char c)
{
    if (aim < 0) {
        s->place = IN_OTHER;
        return 1;
    }
    *s = (number_state){ INSIDE, (1 << NUMBER_FORMS) - 1, 0, (short)aim };
    return go_on(plan, s, c);
}

/* One character; 0 where it would change a number. */
static int step(const number_plan *plan, number_state *s, int aim, char c)
{
    switch (s->place) {
    case INSIDE:
        return go_on(plan, s, c);
    case ENDED:
    case AFTER_ENDED_MARK:
        if (number_is_digit(c) || (number_is_mark(c) && aim >= 0)) return 0;
        s->place = s->place == ENDED && number_is_mark(c) ? AFTER_ENDED_MARK : NOWHERE;
        return 1;
    case IN_OTHER:
    case AFTER_OTHER_MARK:
        if (number_is_digit(c)) s->place = IN_OTHER;
        else s->place = s->place == IN_OTHER && number_is_mark(c) ? AFTER_OTHER_MARK : NOWHERE;
        return 1;
    default:
        return !number_is_digit(c) || begin(plan, s, aim, c);
    }
}

/* A whole piece; 0 where it would change a number. */
static int spell(const number_plan *plan, number_state *s, int aim, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (is_blank(text + i, size - i)) {
            if (s->place == INSIDE) return 0;
            *s = (number_state){ 0 };
            i += BLANK_SIZE - 1;
        } else if (!step(plan, s, aim, text[i])) {
            return 0;
        }
    }
    return 1;
}

/* text (size bytes): the source as its pieces spell it; owner: the piece of each byte. */
static dm_status find_numbers(number_plan *plan, const char *text, const int *owner, size_t size, arena *a)
{
    number_forms forms;
    int n = 0;
    for (size_t at = 0; n < MAX_NUMBERS && number_next(text, size, at, &forms); at = forms.begin + forms.size) n++;
    source_number *numbers = arena_take(a, (size_t)n, sizeof *numbers);
    if (!numbers) return DM_ERR_MEMORY;
    for (size_t at = 0; plan->n < n && number_next(text, size, at, &forms); at = forms.begin + forms.size)
        numbers[plan->n++] = (source_number){ owner[forms.begin], owner[forms.begin + forms.size - 1] + 1, forms };
    plan->numbers = numbers;
    return DM_OK;
}

static dm_status read_source(number_plan *plan, const int32_t *source, int n, arena *a)
{
    size_t size = 0, bytes = 0, piece;
    for (int i = 0; i < n; i++) {
        (void)tokenizer_piece(plan->vocab, source[i], &piece);
        bytes += piece;
    }
    char *text = arena_take(a, bytes, 1);
    int *owner = arena_take(a, bytes, sizeof *owner);
    if (!text || !owner) return DM_ERR_MEMORY;
    for (int i = 0; i < n; i++) {
        const char *from = tokenizer_piece(plan->vocab, source[i], &piece);
        for (size_t j = 0; j < piece; j++) {
            const int blank = is_blank(from + j, piece - j);
            owner[size] = i;
            text[size++] = blank ? ' ' : from[j];
            if (blank) j += BLANK_SIZE - 1;
        }
    }
    return find_numbers(plan, text, owner, size, a);
}

static int concerns_numbers(const char *text, size_t size)
{
    if (size && (number_is_mark(*text) || *text == ':')) return 1;
    for (size_t i = 0; i < size; i++)
        if (number_is_digit(text[i])) return 1;
    return 0;
}

static const char *column_text(const number_plan *plan, int column, size_t *size)
{
    return tokenizer_piece(plan->vocab, output_token(plan->output, column), size);
}

static dm_status find_columns(number_plan *plan, arena *a)
{
    const int n = plan->output->layer.w.out;
    size_t size;
    int wanted = 0;
    for (int c = 0; c < n; c++) {
        const char *text = column_text(plan, c, &size);
        wanted += concerns_numbers(text, size);
    }
    number_column *columns = arena_take(a, (size_t)wanted, sizeof *columns);
    plan->kept = arena_take(a, (size_t)wanted, sizeof *plan->kept);
    if (!columns || !plan->kept) return DM_ERR_MEMORY;
    for (int c = 0; c < n; c++) {
        const char *text = column_text(plan, c, &size);
        if (concerns_numbers(text, size)) columns[plan->n_columns++] = (number_column){ c, text, (int)size };
    }
    plan->columns = columns;
    return DM_OK;
}

dm_status number_plan_new(number_plan *plan, const tokenizer *vocab, const output_part *output, const int32_t *source, int n,
                          arena *a)
{
    *plan = (number_plan){ .vocab = vocab, .output = output };
    const dm_status status = read_source(plan, source, n, a);
    return status || !plan->n ? status : find_columns(plan, a);
}

static int may_come(const number_plan *plan, const number_state *s, int aim, const number_column *c)
{
    number_state after = *s;
    return spell(plan, &after, aim, c->text, (size_t)c->size);
}

/* Inside a number nothing else comes; unless the output has no piece for what is left of it. */
static void go_on_only(const number_plan *plan, const number_state *s, float *logits)
{
    int open = 0;
    for (int i = 0; i < plan->n_columns; i++) {
        const number_column *c = &plan->columns[i];
        plan->kept[i] = may_come(plan, s, -1, c) ? logits[c->column] : -INFINITY;
        open |= plan->kept[i] > -INFINITY;
    }
    if (!open) return;
    for (int i = 0; i < plan->output->layer.w.n; i++) logits[i] = -INFINITY;
    for (int i = 0; i < plan->n_columns; i++) logits[plan->columns[i].column] = plan->kept[i];
}

/* Returns whether anything that was likelier than all that is left may not come. */
static int take_away(const number_plan *plan, const number_state *s, int aim, float *logits)
{
    float best = -INFINITY;
    for (int i = 0; i < plan->n_columns; i++) {
        float *logit = &logits[plan->columns[i].column];
        if (may_come(plan, s, aim, &plan->columns[i])) continue;
        if (*logit > best) best = *logit;
        *logit = -INFINITY;
    }
    for (int c = 0; c < plan->output->layer.w.n; c++)
        if (logits[c] >= best) return 0;
    return best > -INFINITY;
}

/* Nothing is glued to a number that would have gone on: what comes next there is no ending of it. */
static void part_words(const number_plan *plan, float *logits)
{
    size_t size;
    for (int c = 0; c < plan->output->layer.w.out; c++) {
        const char *text = column_text(plan, c, &size);
        const unsigned char first = size ? (unsigned char)*text : ' ';
        const int is_letter = first >= 0x80 || (first | 0x20u) - 'a' < 26;
        if (is_letter && !is_blank(text, size)) logits[c] = -INFINITY;
    }
}

void number_mask(const number_plan *plan, const number_state *s, const float *alignment, float *logits)
{
    if (!plan->n) return;
    if (s->place == INSIDE) {
        go_on_only(plan, s, logits);
        return;
    }
    const int aim = aimed_at(plan, alignment), has_ended = s->place == ENDED || s->place == AFTER_ENDED_MARK;
    if (aim < 0 && !has_ended) return;
    if (take_away(plan, s, aim, logits) && has_ended) part_words(plan, logits);
}

void number_take(const number_plan *plan, number_state *s, int32_t id, const float *alignment)
{
    size_t size;
    if (!plan->n) return;
    const char *text = tokenizer_piece(plan->vocab, id, &size);
    if (spell(plan, s, aimed_at(plan, alignment), text, size)) return;
    *s = (number_state){ size && number_is_digit(text[size - 1]) ? IN_OTHER : NOWHERE, 0, 0, 0 };
}
