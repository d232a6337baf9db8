/*
 * The known mistake behind a run that hung, or that the kit stopped: the hook of
 * struct assignment.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_MISTAKES_OF_HANG_H
#define ASSIGNMENTS_PIPELINE_JUDGES_MISTAKES_OF_HANG_H

#include "grader/diagnosis/diagnose.h"
#include "grader/diagnosis/scene.h"

const struct mistake *mistake_of_hang(const struct diagnosis *diagnosis, GString *cause);

/* ---- mistakes_of_messages.c: by what was and was not sent, where there is one stage per rank --- */

/* Somebody waits for what its neighbour computed, went on from and never began to send: the mistake, and
 * in `cause` who and what. NULL: it is not so. */
const struct mistake *mistake_of_unsent(const struct scene *scene, GString *cause);
/* Somebody asks for, or was sent, a message a second time: writes to cause which micro-batch's
 * activation or gradient it is, as far as fingerprints show it. */
void cause_of_repeated(const struct scene *scene, GString *cause);

#endif
