/* foreign.h - words in scripts that the vocabulary does not know, and signs that a model has hardly seen: they are not
 * translated, and stay as they are.
 *
 * 日本語 is nine byte pieces that no training text had, and a model invents something for them, as it does for the points of
 * "Home · About · Contact". A dingbat it has learnt to copy (search/copy.h): so it is given one in place of each, and the
 * translation has the word again. Greek, Cyrillic and what comes after them in Unicode; letters of the Latin script are
 * copied one by one. Used by job_plan.c and job_result.c. */
#ifndef DM_FOREIGN_H
#define DM_FOREIGN_H

#include "text/tokenizer.h"

/* Dingbats, U+2700 and so on, each in three byte pieces. */
enum { FOREIGN_MOST = 64, FOREIGN_PIECES = 3 };

/* The n tokens of text (size bytes), which are as tokenizer_encode gives them, with dingbats in place of the foreign words;
 * words with nothing but marks between them are one. out has room for tokenizer_bound() of them. Returns how many there are. */
int foreign_hide(const tokenizer *t, const char *text, size_t size, const dm_token *tokens, int n, dm_token *out);

/* By dingbat the word that it stands for, in the text that the tokens are of; NULL for none. */
typedef struct { const char *word[FOREIGN_MOST]; size_t size[FOREIGN_MOST]; } foreign_words;

/* What foreign_hide hid among n tokens; text is where their ranges begin to count. */
void foreign_find(foreign_words *words, const tokenizer *t, const char *text, const dm_token *tokens, int n);
/* The words in place of their dingbats in a translation (size bytes), each once, so that it grows by no more than the text
 * that they are of. The ranges of its tokens (n, or NULL) move with it. Returns its new size. */
size_t foreign_show(const foreign_words *words, char *translation, size_t size, dm_token *tokens, int n);

#endif
