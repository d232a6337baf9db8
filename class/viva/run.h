/*
 * The run that a viva asks about: the student's program, graded once more with its evidence kept, and of all runs the one
 * in which most happened.
 */
#ifndef CLASS_VIVA_RUN_H
#define CLASS_VIVA_RUN_H

#include "class/students/student.h"
#include "grader/trace/collectives.h"
#include "grader/trace/match.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

struct viva_run {
    char *assignment;
    char *submission; /* folder of the student's files of it */
    char *skeleton;   /* and of the kit's */
    char *work;       /* the grader's folder, which viva_run_free removes */
    char *program;    /* for source lines */
    json_t *record;   /* of that grade: record.json */
    char *check;      /* whose run it is; NULL: no run left logs that can be used */
    int number;       /* which of its runs, from 1 */
    int ranks;
    struct log_file *logs; /* [ranks] */
    bool complete;         /* all of them came to their end */
    int step;              /* the last training step, or REPLAY_ALL_STEPS */
    struct matching *matching;
    struct collectives *collectives;
};

struct viva_wish {
    const char *kit, *build_folder;
    const char *check; /* as make grade's CHECK; NULL: all */
    gint64 seed;       /* 0: drawn */
};

/* NULL, and an error: it could not be graded. */
struct viva_run *viva_run_new(const struct student *student, const char *assignment,
                              const struct viva_wish *wish, GString *error);
/* The same of evidence that is there already: takes the one of its folders that has most to ask about. */
bool viva_run_choose(struct viva_run *run, const char *kit, GString *error);
void viva_run_free(struct viva_run *run);

#endif
