/*
 * Which cells of a table are wanted (cells.h).
 */
#include "bench/cells.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BATCH   65536
#define MOST_THREADS 1024
#define MOST_ROUNDS  1000

struct reading {
    struct cells *cells;
    const char *const *names;
};

/* Whether `list`, names between commas, has this one. */
static bool list_has(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; at != NULL; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

bool cells_have(const struct cells *cells, const char *name)
{
    return cells->only == NULL || list_has(cells->only, name);
}

static void read_names(const char *text, struct argp_state *state)
{
    struct reading *reading = state->input;
    int found = 0, wanted = 1;
    for (const char *c = text; *c != '\0'; c++)
        wanted += *c == ',';
    for (const char *const *name = reading->names; *name != NULL; name++)
        found += list_has(text, *name);
    if (found == wanted) {
        reading->cells->only = text;
        return;
    }
    fprintf(stderr, "--only %s: names between commas, of", text);
    for (const char *const *name = reading->names; *name != NULL; name++)
        fprintf(stderr, " %s", *name);
    fputc('\n', stderr);
    exit(2);
}

static struct numbers read_numbers(const char *text, const char *option, int most,
                                   struct argp_state *state)
{
    struct numbers numbers = {0};
    const char *at = text;
    for (;;) {
        char *end;
        errno = 0;
        long number = strtol(at, &end, 10);
        if (end == at || errno != 0 || number < 1 || number > most ||
            (*end != ',' && *end != '\0') || numbers.count == MOST_CHOSEN)
            argp_error(state, "%s %s: at most %d whole numbers from 1 to %d, between commas",
                       option, text, MOST_CHOSEN, most);
        numbers.number[numbers.count++] = (int)number;
        if (*end == '\0')
            return numbers;
        at = end + 1;
    }
}

static error_t read_option(int key, char *text, struct argp_state *state)
{
    struct cells *cells = ((struct reading *)state->input)->cells;
    switch (key) {
    case 'o':
        read_names(text, state);
        return 0;
    case 'b':
        cells->batches = read_numbers(text, "--batch", MOST_BATCH, state);
        return 0;
    case 't':
        cells->threads = read_numbers(text, "--threads", MOST_THREADS, state);
        return 0;
    case 'r':
        cells->rounds = read_numbers(text, "--rounds", MOST_ROUNDS, state).number[0];
        return 0;
    case 'd':
        if (strcmp(text, "cuda") != 0 && strcmp(text, "emulated") != 0)
            argp_error(state, "--device %s: must be cuda or emulated", text);
        cells->device = text;
        return 0;
    case 'c':
        cells->compile_seconds =
            strcmp(text, "0") == 0 ? 0 : read_numbers(text, "--compile", 3600, state).number[0];
        return 0;
    case 's':
        cells->once = true;
        return 0;
    case 'j':
        cells->json = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"only", 'o', "NAME,…", 0, "only these", 0},
    {"batch", 'b', "N,…", 0, "samples in a batch", 0},
    {"rounds", 'r', "N", 0, "how often each side has its turn", 0},
    {"threads", 't', "N,…", 0, "threads", 0},
    {0}};
static const struct argp_option device_options[] = {
    {"device", 'd', "NAME", 0, "cuda, or emulated", 0},
    {"only", 'o', "NAME,…", 0, "only these", 0},
    {"batch", 'b', "N,…", 0, "samples in a batch", 0},
    {"rounds", 'r', "N", 0, "how often each side has its turn", 0},
    {"compile", 'c', "SECONDS", 0, "how long PyTorch may compile networks, all together", 0},
    {"once", 's', NULL, 0, "one step of each, without PyTorch, for tools that look at what it does",
     0},
    {"json", 'j', "FILE", 0, "writes the table to a file, too", 0},
    {0}};

struct cells cells_read(int count, char **argument, struct cells defaults, const char *const *names)
{
    const struct argp argp = {defaults.device != NULL ? device_options : options,
                              read_option,
                              NULL,
                              "How long does it take, here and in PyTorch? Run it in the "
                              "repository's top folder.",
                              NULL,
                              NULL,
                              NULL};
    struct reading reading = {&defaults, names};
    argp_err_exit_status = 2;
    if (argp_parse(&argp, count, argument, 0, NULL, &reading) != 0)
        exit(2);
    return defaults;
}
