/*
 * Questions for an oral examination, each with its answer from the trace, and how that was found.
 */
#ifndef CLASS_VIVA_QUESTION_H
#define CLASS_VIVA_QUESTION_H

#include "class/viva/change.h"

struct viva_question {
    const char *kind; /* "swap", "synchronous", … : of each kind there are two at most */
    char *ask;        /* Markdown, a paragraph, for the student */
    char *answer;     /* likewise, for the examiner */
    const char *how;  /* how the answer was found, a sentence */
    char *file;       /* of the student's; "": it is about no line */
    int line;
};

/* All that the questions are made of. */
struct viva {
    const struct viva_run *run;
    GArray **calls;             /* viva_calls_new; NULL: no run left logs that can be used */
    struct viva_outcome before; /* of the run as it was */
    GRand *random;        /* seeded by what was handed in: the same files get the same questions */
    GPtrArray *questions; /* of struct viva_question * */
};

/* Takes over the texts. */
void viva_ask(struct viva *viva, const char *kind, const struct viva_call *about, char *ask,
              char *answer, const char *how);

/* Each adds what it can ask: questions_*.c. */
void viva_ask_swaps(struct viva *viva);       /* two calls change places */
void viva_ask_synchronous(struct viva *viva); /* a send that waits for its receive */
void viva_ask_left_out(struct viva *viva);    /* a call that is not made, or not by one rank */
void viva_ask_waits(struct viva *viva);       /* who waits longest, and for whom */
void viva_ask_messages(
    struct viva *viva); /* the k-th message of a rank, and a collective's group */
void viva_ask_in_flight(struct viva *viva); /* micro-batches whose forward is not yet given back */
void viva_ask_fewer(struct viva *viva);     /* one micro-batch fewer */
void viva_ask_slower(struct viva *viva);   /* one rank at half speed: is it on the critical path? */
void viva_ask_lines(struct viva *viva);    /* explain this line */
void viva_ask_failures(struct viva *viva); /* what went wrong */

/* At most `most` questions, of as many kinds as there are; NULL and an error never happen. Of struct viva_question *. */
GPtrArray *viva_questions(const struct viva_run *run, guint most);
void viva_question_free(void *question);

/* Some lines of a student's file around one, as text; NULL: not there. */
char *viva_excerpt(const struct viva_run *run, const char *file, int line, int around);

#endif
