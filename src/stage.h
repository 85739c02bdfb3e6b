/* stage.h - where a translation passes from one stage to the next, for the benchmark's clock (scripts/bench/stages.c).
 * Nothing at all but in objects compiled with -DDM_STAGES; the engine has no clock. Used by job.c and search.c. */
#ifndef DM_STAGE_H
#define DM_STAGE_H

typedef enum { STAGE_NONE, STAGE_TOKENISE, STAGE_ENCODE, STAGE_STEP, STAGE_OUTPUT, STAGE_SEARCH, STAGE_TEXT, STAGES } stage;

#ifdef DM_STAGES
/* From now on the time is that stage's. */
void stage_enter(stage s);
#else
static inline void stage_enter(stage s) { (void)s; }
#endif

#endif
