/*
 * Another trace than the one that was: copies of logs in which calls stand elsewhere, are others or are not there, and what replay
 * makes of them.
 */
#ifndef CLASS_VIVA_CHANGE_H
#define CLASS_VIVA_CHANGE_H

#include "class/viva/run.h"
#include "grader/trace/replay.h"

/* A call of MPI in the step that is asked about. */
struct viva_call {
    int rank;
    size_t begin, end; /* its records, both included */
    char *place; /* "pass_on at step.c:12 (forward)", as the author of the outermost file sees it */
    char *file;  /* "step.c"; "" where nothing is known */
    int line;
    char *
        inner; /* "MPI_Isend at send.c:31 (send)": the innermost line of the student's files; `place` if it is the kit's */
    char *inner_file;
    int inner_line;
};

/* [rank], of struct viva_call in order; those that came to no end are not among them. */
GArray **viva_calls_new(const struct viva_run *run);
void viva_calls_free(GArray **calls, int ranks);
/* The same, calls in a row of one line, with no computation between them, as one: a statement. Texts stay the calls'. */
GArray **viva_statements_new(const struct viva_run *run, GArray **calls);
void viva_statements_free(GArray **statements, int ranks);
bool viva_computes_between(const struct log_file *log, size_t from, size_t to);
#define VIVA_CALL(calls, rank, i) (&g_array_index((calls)[rank], struct viva_call, i))

/* A copy of the logs, to be changed; freed with viva_logs_free. */
struct log_file *viva_logs_copy(const struct viva_run *run);
void viva_logs_free(struct log_file *logs, int ranks);

/* Two calls that follow each other change places. What stands between them goes in front of both. */
void viva_swap(struct log_file *log, const struct viva_call *first, const struct viva_call *second);
/* The call never was: its records say nothing any more. So do those of the waits for what it started. */
void viva_leave_out(struct log_file *log, const struct viva_call *call);
/* A send that lets its rank go on only when its receive was posted. Not one: false. */
bool viva_make_synchronous(struct log_file *log, const struct viva_call *call);

/* What becomes of changed logs. */
struct viva_outcome {
    bool deadlock,
        deadlock_synchronous; /* with sends that MPI copies, and with none that it copies */
    double makespan;          /* FLOPs */
    int other_data;           /* receives that take another message than they did … */
    char *first_other;        /* … of which the first is this, in words; or NULL */
    char *waits;              /* who waits for whom and where, if there is a deadlock; else NULL */
};

struct viva_outcome viva_replay(const struct viva_run *run, const struct log_file *logs);
void viva_outcome_clear(struct viva_outcome *outcome);

/* In words, compared with the run as it was. A new string. */
char *viva_outcome_words(const struct viva_outcome *before, const struct viva_outcome *after);

/* "MPI_Recv at step.c:31 (take_step)" of a record. A new string. */
char *viva_place(const struct viva_run *run, const struct log_record *record);

#endif
