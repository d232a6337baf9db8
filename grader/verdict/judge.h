/*
 * Judgement: what the runner hands to a judge, and what a judge hands back.
 *
 * A judge reads evidence that a sandboxed program wrote, computes its own truth
 * from the same options and seed, and decides. It never trusts a number that
 * only one rank states, and it says what it compared.
 */
#ifndef GRADER_VERDICT_JUDGE_H
#define GRADER_VERDICT_JUDGE_H

#include "common/base/last_words.h"
#include "common/driver/options.h"
#include "common/log/log_reader.h"

#include <glib.h>

enum verdict_kind { VERDICT_PASS, VERDICT_FAIL, VERDICT_NOT_JUDGED };

/* Whose doing it is that a check was not passed. Only the submission's costs points; everything else is
 * not judged, and a machine that can't do what grading needs makes the grader's exit status 1. */
enum culprit {
    CULPRIT_NOBODY,     /* it passed, waits for a person, or an optional part is not installed */
    CULPRIT_SUBMISSION, /* the evidence shows it */
    CULPRIT_MACHINE,    /* no space, no permission, a limit, a program that is missing or broken */
    CULPRIT_KIT,        /* a judge, the rubric, the simulator */
    CULPRIT_UNKNOWN     /* nothing that was seen tells */
};
const char *culprit_name(enum culprit culprit); /* "the machine", "the kit", … */
/* What a report says to a student of what is not judged: "This is not the submission's fault.", or of an unknown culprit
 * that nobody can tell. */
const char *culprit_sentence(enum culprit culprit);

/* How much a failure's reason says about its cause. */
enum verdict_basis {
    BASIS_SEEN,     /* it is the cause, or stands right behind it: the evidence shows it */
    BASIS_FITS,     /* numbers are wrong, in just the way that a known mistake makes them */
    BASIS_AMOUNT,   /* more or less was moved, computed or held than is right for right numbers */
    BASIS_SYMPTOM,  /* numbers are wrong; why, they do not tell */
    BASIS_UNWRITTEN /* the program came to a TODO */
};

/* The judge's answer to one check. */
struct verdict {
    enum verdict_kind kind;
    enum culprit culprit;
    enum verdict_basis basis; /* of a failure */
    bool spoils;              /* what failed makes numbers wrong wherever the same code runs */
    GString *headline;        /* one line of plain text: what was seen. Never empty. */
    GString *explanation;     /* Markdown: what was compared, expected, found, where to look */
    GString *mistake;         /* the known mistake that the evidence fits, by name; else empty */
    GString *look;            /* what to look at next, for what failed here; empty: the rubric's */
    GString *remark;          /* Markdown: what costs no points here and should still be known */
    GPtrArray *pictures; /* of char *: files in the report's folder, in the order to show … */
    GPtrArray *picture_words; /* … and of char *: what each of them shows */
};

/* How a run of the program ended. */
enum run_end {
    RUN_FINISHED,        /* every rank wrote its final record */
    RUN_REFUSED,         /* exit status 2: the program refused its arguments */
    RUN_FAILED,          /* another exit status, or a final record is missing */
    RUN_CRASHED,         /* a signal in one rank */
    RUN_HUNG,            /* no progress on any rank, stopped */
    RUN_TIMED_OUT,       /* progress, but too slow; stopped */
    RUN_TOO_MUCH_MEMORY, /* stopped at a limit */
    RUN_TOO_MUCH_OUTPUT,
    RUN_TOO_MANY_PROCESSES,
    RUN_NOT_STARTED /* or it must not count: the outcome's culprit says whose doing that is */
};

struct assignment; /* assignment.h */

struct outcome {
    const struct assignment *assignment; /* whose program ran */
    int ranks;
    bool simulated;      /* on the simulated cluster, not on this computer … */
    char *platform;      /* … as this platform describes it; else NULL … */
    char *platform_file; /* … in this file … */
    bool synchronous;    /* … where every send waits for its receive */
    const char *
        device; /* "cuda" or "emulated": it computed on that, and its numbers are a processor's up to
                               rounding; NULL: on the processor */
    struct options
        options; /* as the program parsed them, on the processor: what judges compute, they compute there */
    enum run_end end;
    enum culprit culprit; /* of RUN_NOT_STARTED; else the judge will say */
    int exit_status;      /* -1 if it was stopped */
    int signal;           /* that ended it, as far as the exit status tells; 0: none */
    char *trouble;        /* NULL, or one line on what went wrong, for people */
    char *command;        /* "make grade …", to be pasted: judges this run again … */
    char *by_hand; /* … "make train …" or "make simulate …": shows the same end, outside of the
                             grader; NULL: there is nothing to see … */
    char *sanitized; /* … and one for sanitizers; NULL: they are in it already */
    char *folder;    /* the evidence: rank-R.log, tensor files, curve.csv, output.txt */
    char *output;    /* the end of what the program printed, valid UTF-8 */
    char *fault;     /* NULL, or what AddressSanitizer said when it ended a rank, valid UTF-8 … */
    int fault_rank;  /* … and which; -1: not known */
    char *program;   /* path of the program that ran, for addr2line */
    double seconds;
    struct log_file *log; /* one per rank; count 0 where there was nothing to read */
    char **log_error;     /* one per rank: NULL, or why the log can't be used */
    struct last_words
        *words; /* one per rank: how it ended, where it did so before its time; may be NULL */
};

struct judgement {
    const struct outcome *outcome; /* of all runs of the check */
    int outcomes;
    bool waits;                 /* every message must be waited for, says the rubric */
    const char *submission;     /* folder of the collected files */
    const GPtrArray *questions; /* of char *: whose sections answers.md has; NULL: not known */
    const char *picture_folder; /* where pictures may be written (NULL: none are wanted) … */
    const char *picture_prefix; /* … with names that begin like this: verdict_picture_path() */
};

typedef void judge_function(const struct judgement *judgement, struct verdict *verdict);

struct judge {
    const char *name;        /* as the rubric calls it */
    bool accepts_unfinished; /* it wants to see runs that did not finish, too */
    judge_function *judge;
    bool of_numbers; /* it fails by results, which do not tell why they are wrong */
};

/* Sets kind and headline, as seen; the explanation is appended to. A failure is the submission's; that
 * a judge can't judge is the kit's. */
void verdict_set(struct verdict *verdict, enum verdict_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, not judged, whoever's doing that is. */
void verdict_not_judged(struct verdict *verdict, enum culprit culprit, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void verdict_explain(struct verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What to look at next, by what failed; else it is what the rubric says of the check. */
void verdict_look(struct verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A known mistake, as the evidence shows it. */
struct mistake {
    const char *name;
    const char *explanation; /* a paragraph: what the evidence shows and why that happens */
    const char *look;        /* what to look at; may be NULL */
};
/* Says in the explanation that the evidence fits it; it becomes the verdict's mistake, and what it
 * says to look at is to be looked at next. */
void verdict_name_mistake(struct verdict *verdict, const struct mistake *mistake);
/* Judges as `from` does, in the same words: all of it but its remark and its pictures. */
void verdict_take_over(struct verdict *verdict, const struct verdict *from);

/* Where a picture of a run may be drawn: a path without an ending, FOLDER/PREFIX-run-N-WHAT. run: one
 * of the judgement's outcomes; N counts from 1. A new string; NULL: no pictures are wanted. */
char *verdict_picture_path(const struct judgement *judgement, const struct outcome *run,
                           const char *what);
/* Shows PATH.svg, which has been drawn there, in the report. words: what is to be seen in it, for who can't see it; plain
 * text, a sentence or two. */
void verdict_add_picture(struct verdict *verdict, const char *path, const char *words);
/* The same of a file in the report's folder. */
void verdict_show_picture(struct verdict *verdict, const char *file, const char *words);
/* What the picture shows; NULL: nobody said. */
const char *verdict_picture_words(const struct verdict *verdict, guint picture);
/* Shows all pictures of `from`, too, or none any more. */
void verdict_take_pictures(struct verdict *verdict, const struct verdict *from);
void verdict_forget_pictures(struct verdict *verdict);

struct verdict *verdict_new(void);
void verdict_free(struct verdict *verdict);

#endif
