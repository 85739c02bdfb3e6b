/* json.h - a finished translation as one line of JSON: what every JavaScript and command line user gets.
 *
 *   {"text": string, "score": number, "sentences": [{
 *      "source": [{"text", "start", "end"}], "target": [...],   tokens; the last is end-of-sentence, empty
 *      "alignment": [[number]],                                 target x source; [] without attention
 *      "score": number, "cut": boolean,
 *      "alternatives": [{"text", "target", "alignment", "score", "cut"}],  best first, each with its own text
 *      "attention": {"encoder": [layer][head][S][S], "decoder": [layer][head][T][T], "cross": [layer][head][T][S]}
 *   }]}
 * start and end count UTF-16 code units, in the caller's text and in "text". Weights have 4 decimals.
 * "alternatives" is there when the job looked for some, "attention" when it kept it, "decoder" where the decoder
 * attends to itself. */
#ifndef DM_JSON_H
#define DM_JSON_H

#include "dolmetsch.h"

/* Returns the JSON, malloc'd, its length in *size; NULL when memory ran out. No line ends in it. */
char *json_result(const dm_result *r, size_t *size);

#endif
