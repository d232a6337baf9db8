/*
 * What the parser of the options consists of: options.c puts it together,
 * options_table.c knows the options that all assignments have, options_unknown.c what none has, options_checkpoint.c those about checkpoints,
 * options_values.c reads values. An assignment's own parser uses the last, too. Each function
 * returns 0, or EINVAL with an error that names the option, its value and what
 * it may be.
 */
#ifndef COMMON_DRIVER_OPTIONS_PARTS_H
#define COMMON_DRIVER_OPTIONS_PARTS_H

#include "common/driver/options.h"

#include <argp.h>

/* What parsing knows besides the options themselves. */
struct parsing {
    struct options *options;
    char *error;  /* empty as long as all is well */
    int children; /* parsers besides the one of options_table.c */
    bool steps_given, data_given;
    double learning_rate; /* NAN: not given; the optimizer may be named behind it */
    double momentum;
};

/* ---- options_table.c ---- */

extern const struct argp_option options_table[];
error_t options_read_one(int key, char *text, struct argp_state *state);

/* ---- options_checkpoint.c ---- */

enum {
    OPTIONS_KEY_CHECKPOINT = OPTIONS_OWN_KEYS - 16,
    OPTIONS_KEY_CHECKPOINT_FOLDER,
    OPTIONS_KEY_RESUME
};
/* ARGP_ERR_UNKNOWN: it is none of these. */
error_t options_read_checkpoint(struct parsing *parsing, int key, char *text);
/* Do they go together, and with the others? */
error_t options_finish_checkpoints(struct parsing *parsing);

/* ---- options_unknown.c ---- */

/* Refuses a word of the command line in which argp found no option of the parser and its children, or one whose value
 * is missing; says what was meant, where an option is near. */
error_t options_refuse_unknown(struct parsing *parsing, const struct argp *parser,
                               const char *word);

/* ---- options_values.c ---- */

/* Keeps the first error. */
error_t parsing_refuse(struct parsing *parsing, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

error_t parsing_int(struct parsing *parsing, const char *option, const char *text, int lowest,
                    int highest, int *value);
error_t parsing_real(struct parsing *parsing, const char *option, const char *text, double lowest,
                     double highest, double *value);
error_t parsing_seed(struct parsing *parsing, const char *text, uint64_t *value);
error_t parsing_text(struct parsing *parsing, const char *option, const char *text, char *value,
                     size_t size);
/* "0,100,200": at most OPTIONS_MAX_STEPS. */
error_t parsing_steps(struct parsing *parsing, const char *option, const char *text, int *count,
                      int step[OPTIONS_MAX_STEPS]);

#endif
