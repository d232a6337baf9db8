/*
 * The tables of the memory assignment: what each technique costs, in bytes, seconds and messages, measured beside formulas;
 * and the ways to split one model over ranks, beside each other.
 *
 *     choices.c      the command line
 *     techniques.c   what is run
 *     run.c          one run of a program, read from its logs
 *     formula.c      the same, by formulas; layers.c: of the model's own layers
 *     parts.c        the two parts of the table: on this computer, and on the simulated cluster
 *     trade_off.c    the ways to split a model
 *     write.c        Markdown and CSV; bars.c: the picture
 *
 * Bytes are exact. Traffic is what has to move between ranks in a step, at the least (grader/evidence/traffic.h), by the
 * number of ranks.
 */
#ifndef ASSIGNMENTS_MEMORY_TABLE_TABLE_H
#define ASSIGNMENTS_MEMORY_TABLE_TABLE_H

#include "assignments/memory/arithmetic.h"
#include "common/base/memory.h"
#include "common/base/tensor.h"
#include "common/training/model.h"
#include "grader/platform/platform.h"

#include <glib.h>

/* ---- what is asked for ---------------------------------------------------------------------------- */

struct table_choices {
    char *program;   /* this assignment's, for this computer … */
    char *simulator; /* … and for the simulated cluster; empty: there is no simulator */
    char *
        beside; /* the data assignment's, for the simulated cluster: it splits models; empty: none */
    char *model, *data, *platform;
    char *configured; /* options of the program, as a configuration has them; empty: none */
    int ranks, batch, micro_batches; /* 0: each part's own */
    char *out, *kit;
};

/* False, and an error that names the variable of make, if something can't be. */
bool table_choices_read(struct table_choices *choices, int argc, char **argv, GString *error);

/* What one part of the table trains. */
struct table_setting {
    const char *kit, *program;
    const char *platform_name; /* NULL: on this computer */
    struct platform *platform; /* likewise */
    const char *model_name, *data;
    struct model *model;
    int ranks, batch, micro_batches;
    int steps;
    char *pictures; /* folder for memory over time; NULL: none */
};
/* Sets model and platform. False, and an error that names the variable, if that can't be. */
bool table_setting_open(struct table_setting *setting, GString *error);
void table_setting_close(struct table_setting *setting);

/* ---- techniques.c ------------------------------------------------------------------------------------ */

struct technique {
    const char *name, *options;
    int zero;
    enum recompute recompute;
    enum dtype precision;
    bool prefetches, offloads;
    bool offloads_parameters; /* besides */
};
extern const struct technique table_techniques[];
extern const int table_technique_count;
/* One more, of these options of the program (separated by blanks); it stays until the program ends. NULL: there are none. */
const struct technique *table_configured(const char *options);

/* ---- run.c ---------------------------------------------------------------------------------------------- */

/* Of the rank that needs most, but for seconds, which are the slowest rank's, traffic and utilisation, which are means. A figure that
 * nobody knows is NAN. */
struct figures {
    double most[MEMORY_KINDS];    /* of each kind, at a time */
    double at_peak[MEMORY_KINDS]; /* when most is on the device in all … */
    double peak;                  /* … which is this */
    double seconds, utilisation, traffic;
    bool cut; /* the log had no room for all changes of memory */
};

/* A few steps of a program with such options (separated by blanks). False, and an error, if that fails. picture: name of that
 * of memory over time, with its title; NULL: none. */
bool table_run(const struct table_setting *setting, const char *options, const char *picture,
               const char *title, struct figures *measured, GString *error);

/* ---- layers.c, formula.c ------------------------------------------------------------------------------ */

/* What the model's layers keep between forward and backward, in a precision, each run alone; `layer` has room for all. Everything
 * in it has bytes that no format changes, but what enters, and parameters. */
void table_layers(const struct model *model, enum dtype precision, struct layer_numbers *layer);

struct figures table_formula(const struct table_setting *setting,
                             const struct technique *technique);

/* ---- parts.c ------------------------------------------------------------------------------------------------ */

struct table_row {
    const struct technique *technique;
    struct figures measured, formula;
};
struct table_part {
    struct table_setting setting;
    const struct technique *configured; /* behind all others; NULL: there is none */
    GArray *rows;                       /* of struct table_row */
    GString *left;                      /* a line for each technique that did not run */
};
/* How far a row of runs is, told before each of them: where, the run's name, and from the second on about how
 * long the rest takes. `began`: g_get_monotonic_time() before the first. */
void table_tell(const char *where, const char *name, int done, int all, gint64 began);

/* False, and an error, if not even the first technique runs. Tells standard error what it does. */
bool table_part_run(struct table_part *part, GString *error);
void table_part_clear(struct table_part *part);

/* ---- trade_off.c ---------------------------------------------------------------------------------------------- */

struct trade {
    char *name, *options, *how; /* "data 2 x tensor 2 x pipeline 2" */
    int micro_batches;          /* of each replica */
    bool beside;                /* it is the data assignment's program that runs */
    double
        utilisation; /* by formula, as far as messages and uneven layers leave it; NAN: there is none */
    double traffic; /* likewise */
    struct figures measured;
};
/* What there is for so many ranks; to be freed by trades_free. */
GArray *trades_new(const struct table_setting *setting);
/* Those that do not run are taken out, with a line in `left`. */
void trades_run(GArray *trades, const struct table_setting *setting, const char *beside,
                GString *left);
void trades_free(GArray *trades);

/* ---- write.c, bars.c ---------------------------------------------------------------------------------------------- */

void table_markdown(GString *text, const struct table_part *part);
void table_trades_markdown(GString *text, const GArray *trades);
/* With a line of names, if wanted. */
void table_csv(GString *text, const struct table_part *part);
void table_trades_csv(GString *text, const GArray *trades, const struct table_setting *setting);
extern const char table_csv_head[];
/* Stacked bars of both parts (`count`), to PATH.svg. False and an error if that does not work. */
bool table_bars(const struct table_part *part, int count, const char *path, GString *error);

#endif
