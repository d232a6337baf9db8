/*
 * Last words: what a rank leaves behind when the program ends before its time.
 *
 * What a rank prints goes through mpirun, which ends a run in its own way and
 * its own time: words get lost, and whose came first nobody knows. So each rank
 * writes by itself, at once, to the file FOLDER/rank-R.end. Lines of text:
 *
 *     message CLOCK TEXT              fatal() is about to end the program
 *     signal CLOCK NUMBER CODE PID FULL    a signal that ends it; code and sender as in siginfo_t;
 *                                     FULL is 1 where the stack is full
 *     exit CLOCK STATUS               exit() was called
 *     sample CLOCK                    the grader asked where the rank is
 *
 * each followed by the calls that led there, in the program, innermost first:
 *
 *     at PLACE                        a return address less the load address, in hex
 *
 * CLOCK is that of the log. The same event may be told twice, in more words; the
 * first line about it has its time.
 */
#ifndef COMMON_BASE_LAST_WORDS_H
#define COMMON_BASE_LAST_WORDS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* ---- writing ------------------------------------------------------------------------------ */

/* From now on the program's fatal errors, crashes and calls of exit() are noted in this folder, and what
 * handled such signals before goes on to do so. Without it nothing here does anything. MPI must have begun:
 * it has handlers of its own. */
void last_words_open(const char *folder, int rank);
/* The program has come to its proper end: exit() is none before its time. */
void last_words_close(void);

/* For fatal(): notes its message. */
void last_words_message(const char *text);

/* Whoever ends, ends all others. This waits, before that, until those that come to the same end by themselves
 * have said so, too: else chance would tell who did. Nothing to wait for where a process holds all ranks. */
void last_words_let_others_speak(void);
/* The instruction at which a signal came, as its handler is told; NULL: not known on this processor. */
const void *last_words_instruction(const ucontext_t *context);
#define LAST_WORDS_TOGETHER                                                                        \
    0.4 /* seconds: ends that are no farther apart were not caused by each other */

/* Asks a process where it is. It writes a sample and then waits to be ended, whatever it was doing; so
 * nothing is asked that is not ended next. A process that does not catch the signal must not get it. */
#define LAST_WORDS_ASK (SIGRTMIN + 1)

/* ---- reading ------------------------------------------------------------------------------- */

#define LAST_WORDS_TEXT   1024
#define LAST_WORDS_PLACES 32

enum last_words_kind { LAST_WORDS_NONE, LAST_WORDS_MESSAGE, LAST_WORDS_SIGNAL, LAST_WORDS_EXIT };

struct last_words_calls {
    int count;
    uint64_t place[LAST_WORDS_PLACES]; /* innermost first */
};

struct last_words {
    enum last_words_kind kind; /* of the first event; what comes of it does not count */
    uint64_t clock;
    struct last_words_calls calls;
    char text[LAST_WORDS_TEXT]; /* of a message: one line, any bytes */
    int number;                 /* the signal, or the exit status */
    int code;                   /* of a signal: si_code … */
    int64_t sender;             /* … and si_pid, where somebody sent it (code is not above 0) */
    bool full_stack;
    uint64_t sampled; /* clock of the sample; 0: there is none */
    struct last_words_calls sample;
};

/* Reads what a rank left behind; anybody may have written it. No words if there are none. */
void last_words_read(const char *path, struct last_words *words);

#endif
