/* sentence_words.h - what the word before a full stop, and the word after it, say about the stop.
 * Used by sentence.c. */
#ifndef DM_SENTENCE_WORDS_H
#define DM_SENTENCE_WORDS_H

#include <stddef.h>

typedef enum {
    STOP_ENDS,            /* an ordinary word: ends a sentence if the next word may start one     */
    STOP_NEVER,           /* "Dr.", "z. B.", "1." of a list: the sentence goes on                 */
    STOP_NOT_IN_NUMBER,   /* "No. 5", "Okt. 1990": goes on before a digit                         */
    STOP_BEFORE_STARTER   /* "J.", "3.", "Inc.": ends only before a word like "The" or "Wir"      */
} stop_kind;

/* The word text[begin, end) before a single full stop; `first`: nothing but bullets is before it in
 * its sentence. */
stop_kind stop_after_word(const char *text, size_t begin, size_t end, int first);
/* 1 if text[at, size) begins with a word that often starts sentences and is seldom a name or noun. */
int word_is_starter(const char *text, size_t size, size_t at);

#endif
