/*
 * The end of a run: turns what the sandbox saw and the program left behind into
 * an outcome for the judges. runner.c calls it.
 */
#ifndef GRADER_RUN_OUTCOME_H
#define GRADER_RUN_OUTCOME_H

#include "grader/sandbox/sandbox.h"
#include "grader/verdict/judge.h"

/* Fills end, trouble, output, logs and times; options, ranks, folder and command are there. */
void outcome_conclude(struct outcome *outcome, const struct sandbox_result *result);
/* For a run that could not be, by whoever's doing; takes trouble over. */
void outcome_not_started(struct outcome *outcome, enum culprit culprit, char *trouble);
/* A run that was made must not count, by whoever's doing; takes trouble over. */
void outcome_discount(struct outcome *outcome, enum culprit culprit, char *trouble);

/* Where AddressSanitizer writes in the folder of evidence, with the number of the process behind it. */
#define OUTCOME_FAULT "sanitizer"
/* Reads the first rank's, when the logs have been read; outcome_fault.c. */
void outcome_read_fault(struct outcome *outcome);

/* Makes what lies in the folder of evidence plain files of the grader's: all else goes. trouble: what this
 * machine did not let it do; outcome_evidence.c. */
void outcome_take_evidence(const char *folder, GString *trouble);
/* Empties the folder of a run that filled it, for those that come after. */
void outcome_empty_evidence(const char *folder);

/* Why a run ended before its end: a rank's log has no room left. A new string, and whose doing that is; or
 * NULL; outcome_full.c. */
char *outcome_full_log(const struct outcome *outcome, enum culprit *culprit);

/* What a program printed, without the boxes in which mpirun repeats that it ended. A new string. */
char *outcome_quieten(const char *output);

/* Did every rank come to its final record, and is its log undamaged? */
bool outcome_is_complete(const struct outcome *outcome);
/* Has any rank's log a record? */
bool outcome_has_logs(const struct outcome *outcome);
/* Has a run with this exit status refused its arguments: does each rank come to its end after that, and not
 * within the work? */
bool outcome_is_refusal(const struct outcome *outcome, int status);

/* Did it crash or wait for ever when no rank had anything left to do but MPI_Finalize? */
bool outcome_ended_in_finalize(const struct outcome *outcome);

void outcome_clear(struct outcome *outcome);
const char *outcome_end_name(enum run_end end); /* "finished", "refused its arguments", … */

#endif
