/*
 * The planner: what a way to train will cost before anybody runs it.
 *
 * For a model, a number of ranks and a platform it works out step time, bubble,
 * memory and messages of every method that an assignment has registered, twice:
 * from closed forms, and from a run of the solutions on the simulated cluster,
 * with tensors that have shapes and no numbers, so that any size works. Where
 * the two differ, it says by how much and why. Or, where the command line says
 * how much memory a rank has, a part searches for the ways that fit.
 *
 *     arguments.c   the command line
 *     sizes.c       numbers and sizes in it
 *     part.c        what assignments have registered
 *     simulate.c    a simulated run, read from its logs
 *     messages.c    what a rank sent
 *     table.c       text; table_memory.c, of memory and messages
 *
 * Times are seconds, sizes bytes, and a bubble is the idle share of the
 * makespan: 1 - (mean busy time) / (step time).
 */
#ifndef PLANNER_PLANNER_H
#define PLANNER_PLANNER_H

#include "common/base/memory.h"
#include "common/log/log_reader.h"
#include "common/training/model.h"
#include "grader/platform/platform.h"

#include <glib.h>

/* ---- arguments.c ------------------------------------------------------------------------------ */

#define PLAN_MOST_DEGREES 4
#define PLAN_MOST_CHOICES 4

struct plan {
    const struct plan_part *part; /* whose methods are planned */
    char *model_name, *dataset, *platform_name;
    int ranks;
    int micro_batches;
    int batch_size;                /* samples of a step; a multiple of micro_batches */
    int degree[PLAN_MOST_DEGREES]; /* the values of the part's degrees */
    /* A search: bytes that each rank has; 0: none is wanted. batch_size is 0 where nobody said it. */
    double memory;
    bool csv;                        /* a search writes all that it found, as CSV */
    char *choice[PLAN_MOST_CHOICES]; /* one word each of the part's choices */
    double simulation_seconds;       /* that a simulated run may take, by the clock; 0: any time */
    GArray *scaling_ranks, *scaling_micro_batches; /* of int; NULL: no such table wanted */
    char *kit;     /* the folder that holds tools/simulate and common/platforms */
    char *program; /* the solutions, built for the simulated cluster; may not exist */
    /* The charges and messages of a step alone (bench/programs), as built for it; may not exist. */
    char *step_program;
    char *out; /* folder for the picture; NULL: no picture */
    struct model *model;
    struct platform *platform;
};

/* Reads the command line and checks that the pieces fit together. NULL, and an error of one line
 * that names the option and what it may be, if they don't. Freed by plan_free. */
struct plan *plan_parse(int argc, char **argv, GString *error);
void plan_free(struct plan *plan);

/* ---- sizes.c ---------------------------------------------------------------------------------- */

/* False, and an error that names `name`, unless it is a whole number from 1 to most. */
bool plan_read_number(const char *name, const char *text, int most, int *number, GString *error);
/* "80GiB", "40 GB", "1024": bytes. False and an error for anything else, and for 0. */
bool plan_read_bytes(const char *name, const char *text, double *bytes, GString *error);

/* ---- what an assignment brings: part.c -------------------------------------------------------- */

/* What one rank needs. */
struct rank_use {
    /* Bytes, of each kind the most at a time; a formula leaves workspace out. */
    double peak[MEMORY_KINDS];
    int messages; /* sent in a step */
    double message_bytes;
    double busy; /* seconds; simulated runs only */
};

#define PLAN_MOST_CAUSES 4

struct formula {
    double seconds, bubble; /* by the closed form */
    double begin;           /* seconds, before any of the part's causes of a difference … */
    double with[PLAN_MOST_CAUSES]; /* … with the first as well, with the second, too … */
    double slowest; /* what the rank with most to compute has to do, by the mean of all */
    struct rank_use *rank;
    int ranks;
};
void plan_formula_free(struct formula *formula); /* NULL is allowed */

/* A number by which a method splits the work, beside ranks and micro-batches. */
struct plan_degree {
    const char *option;   /* of the planner: "groups" */
    const char *variable; /* of make: "GROUPS" */
    const char *what;     /* for --help */
    int fallback, most;
};

/* Something that a search takes as given. */
struct plan_choice {
    const char *option, *variable, *what; /* as of a degree */
    const char *const *words; /* it may be; the first unless another is said; ends with NULL */
};

/* A way to train. */
struct plan_method {
    const char *name;  /* in the tables */
    const char *note;  /* beside the part's note_word, for the table of memory */
    const char *value; /* as the program's option has it; NULL: the name */
    int ranks;         /* that it runs on; 0: as many as were asked for */
};

struct plan_part {
    const char *assignment;
    const char *method_word;           /* what a method is called, in the tables … */
    const char *method_option;         /* … and the program's option that chooses one */
    const struct plan_degree *degrees; /* ends with a NULL option */
    int micro_batches;                 /* of a step, where nobody says how many */
    /* Those to plan; ends with a NULL name; others are compared with the first. They stay the part's. */
    const struct plan_method *(*methods)(const struct plan *plan);
    const char *note_word; /* what the methods' notes say: "at most" */
    /* What leads from formula->begin to a run; NULL behind the last, at most PLAN_MOST_CAUSES. */
    const char *begin_word;
    const char *causes[PLAN_MOST_CAUSES + 1];
    const char *rest_word;            /* what only the simulation knows */
    const char *differences, *memory; /* lines below the tables of that */
    /* False, and an error of one line, if no method can run like this. */
    bool (*fits)(const struct plan *plan, GString *error);
    /* Can a method run? If not, the reason, to be freed; else NULL. */
    char *(*refusal)(const struct plan *plan, const struct plan_method *method);
    /* Where the closed form does not hold: the reason, to be freed; else NULL. */
    char *(*caveat)(const struct plan *plan, const struct plan_method *method);
    /* The closed forms of a method that can run; the caller frees with plan_formula_free. */
    struct formula *(*formula)(const struct plan *plan, const struct plan_method *method);
    /* Adds the program's own options to words, which g_free frees. */
    void (*options)(const struct plan *plan, const struct plan_method *method, GPtrArray *words);
    /* Draws pictures to plan->out and adds a line to text. False and an error if that fails. */
    bool (*draw)(const struct plan *plan, bool simulate, GString *text, GString *error);
    /* Appends the throughput for every number of ranks and of micro-batches, relative to the first
     * of both. False and an error if something can't run. NULL: there is no such table. */
    bool (*scaling)(const struct plan *plan, bool simulate, GString *text, GString *error);
    /* What fits into plan->memory on each rank, and is fastest: appends tables, or with plan->csv all that was
     * found. missing: why nothing is simulated, or NULL. False and an error if that fails. NULL: there is no
     * search; a part that only searches has NULL in place of methods and all that belongs to them. */
    bool (*search)(const struct plan *plan, const char *missing, GString *text, GString *error);
    const struct plan_choice *choices; /* of a search; ends with a NULL option; NULL: none */
};

/* The part must stay as it is until the program ends. Ends the program if its assignment has one
 * already, or if it has too many degrees. */
void plan_part_register(const struct plan_part *part);
const struct plan_part *plan_part_find(const char *assignment); /* or NULL */
const struct plan_part *plan_part_that_searches(void);          /* or NULL */

/* ---- simulate.c ------------------------------------------------------------------------------- */

struct simulated {
    double seconds, bubble;
    struct rank_use *rank;
    int ranks;
};

/* May anything be simulated? If not, why, to be freed; else NULL. */
char *plan_simulation_missing(const struct plan *plan);
/* One step of the solutions on the simulated cluster. NULL and an error if that fails. The caller
 * frees with plan_simulated_free. */
struct simulated *plan_simulated_new(const struct plan *plan, const struct plan_method *method,
                                     GString *error);
/* One step of the program of charges and messages on so many ranks, with these settings: how long it takes, and for how long
 * a rank computes, the mean. */
bool plan_simulated_step(const struct plan *plan, int ranks, char *const settings[],
                         double *seconds, double *computing, GString *error);
void plan_simulated_free(struct simulated *simulated);
/* Only the bubble, as the program reports it, to a hundredth of a per cent: many times faster,
 * because no log is written and no message gets a fingerprint. */
bool plan_simulated_bubble(const struct plan *plan, const struct plan_method *method,
                           double *bubble, GString *error);

/* ---- messages.c ------------------------------------------------------------------------------- */

/* Adds what the rank of this log sent within training steps: whatever kind of call sends a message,
 * and what the rank put into each collective. */
void plan_add_messages(const struct log_file *log, struct rank_use *use);

/* ---- table.c ---------------------------------------------------------------------------------- */

/* One method's row. Where `refusal` is set there is nothing else. */
struct row {
    const struct plan_method *method;
    char *refusal;
    char *caveat;
    struct formula *formula;
    struct simulated *simulated; /* NULL: not simulated */
};

/* Works out all rows; false and an error if a simulation fails. missing: why nothing is
 * simulated, or NULL. `count` becomes their number; freed by plan_rows_free. */
struct row *plan_rows_new(const struct plan *plan, const char *missing, int *count, GString *error);
void plan_rows_free(struct row *rows, int count);
void plan_append_tables(GString *text, const struct plan *plan, const struct row *rows, int count);

#endif
