/*
 * The command line: see options.h.
 *
 * One parser serves the program and the judge. It never exits by itself. Its
 * options are those of options_table.c, the two that choose training steps, by
 * the word that the assignment has for them, and the assignment's own.
 */
#include "common/driver/options.h"

#include "common/base/machine.h"
#include "common/driver/options_parts.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHILDREN = 2, KEY_STEP = 's', KEY_AGAINST = OPTIONS_OWN_KEYS - 1 };

/* ---- which training step ---------------------------------------------------------------------- */

static error_t read_step(int key, char *text, struct argp_state *state)
{
    struct parsing *parsing = state->input;
    struct options *options = parsing->options;
    char option[40];
    switch (key) {
    case KEY_STEP:
        snprintf(option, sizeof option, "--%s", options->assignment->step_word);
        return parsing_text(parsing, option, text, options->step, sizeof options->step);
    case KEY_AGAINST:
        return parsing_text(parsing, "--against", text, options->against, sizeof options->against);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- all of them --------------------------------------------------------------------------------- */

/* The parser of one command line, with what it points to. */
struct parser {
    char step_argument[32]; /* "SCHEDULE" */
    struct argp_option step_table[3];
    struct argp step;
    struct argp_child child[CHILDREN + 1];
    int children;
    struct argp whole;
};

static void add_steps(struct parser *parser, const char *word)
{
    char *letter = parser->step_argument;
    snprintf(letter, sizeof parser->step_argument, "%s", word);
    for (; *letter != '\0'; letter++)
        *letter = (char)toupper((unsigned char)*letter);
    parser->step_table[0] = (struct argp_option){
        word, KEY_STEP, "NAME", 0, "which training step; they are listed below", 2};
    parser->step_table[1] = (struct argp_option){"against",
                                                 KEY_AGAINST,
                                                 parser->step_argument,
                                                 0,
                                                 "train with that one, too, and report both",
                                                 3};
    parser->step = (struct argp){.options = parser->step_table, .parser = read_step};
    parser->child[parser->children++].argp = &parser->step;
}

static void make_parser(struct parser *parser, const struct own_options *own, const char *doc)
{
    *parser = (struct parser){
        .whole = {.options = options_table, .parser = options_read_one, .doc = doc}};
    if (own != NULL && own->step_word != NULL)
        add_steps(parser, own->step_word);
    if (own != NULL && own->argp != NULL)
        parser->child[parser->children++].argp = own->argp;
    parser->whole.children = parser->child;
}

/* ---- interface -------------------------------------------------------------------------------- */

struct options options_defaults(const struct own_options *own)
{
    struct options options = {
        .assignment = own,
        .model = "mlp",
        .loss = LOSS_CROSS_ENTROPY,
        .batch_size = 64,
        .micro_batches = 4,
        .epochs = 1,
        .optimizer = optimizer_defaults(OPTIMIZER_SGD),
        .seed = 1,
    };
    snprintf(options.dataset, sizeof options.dataset, "%s", model_default_data(options.model));
    if (own != NULL && own->defaults != NULL)
        own->defaults(&options);
    return options;
}

int options_micro_batches(const struct options *options)
{
    const struct own_options *own = options->assignment;
    return own != NULL && own->micro_batches != NULL ? own->micro_batches(options)
                                                     : options->micro_batches;
}

int options_rank_of_process(const struct options *options, int world_rank, int ranks)
{
    return options->reverse_ranks ? ranks - 1 - world_rank : world_rank;
}

bool options_read(struct options *options, const struct own_options *own, int argc, char **argv,
                  char error[OPTIONS_ERROR_SIZE])
{
    struct parser parser;
    make_parser(&parser, own, NULL);
    *options = options_defaults(own);
    error[0] = '\0';
    struct parsing parsing = {.options = options,
                              .error = error,
                              .children = parser.children,
                              .learning_rate = NAN,
                              .momentum = NAN};
    const error_t failed = argp_parse(&parser.whole, argc, argv, ARGP_SILENT, NULL, &parsing);
    if (failed != 0 && error[0] == '\0')
        snprintf(error, OPTIONS_ERROR_SIZE, "the options can't be read: %s", strerror(failed));
    return failed == 0;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-?") == 0)
            return true;
    return false;
}

void options_parse(struct options *options, const struct own_options *own, const char *description,
                   int argc, char **argv)
{
    if (asks_for_help(argc, argv)) {
        char doc[4096];
        struct parser parser;
        snprintf(doc, sizeof doc, "Trains a model.\v%s", description);
        make_parser(&parser, own, doc);
        if (machine_is_first_process())
            argp_help(&parser.whole, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK,
                      program_invocation_short_name);
        exit(0);
    }
    char error[OPTIONS_ERROR_SIZE];
    if (!options_read(options, own, argc, argv, error)) {
        if (machine_is_first_process())
            fprintf(stderr, "%s: %s\n", program_invocation_short_name, error);
        exit(2);
    }
}
