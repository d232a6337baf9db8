/* The command line of build/grade. */
#include "grader/arguments.h"

#include "grader/text/nearest.h"
#include "grader/text/text.h"
#include "grader/verdict/assignment.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void grader_complain(const char *message)
{
    g_autofree char *clean = text_clean(message, strlen(message), 16 << 10);
    fprintf(stderr, "grade: %s%s", clean, g_str_has_suffix(clean, "\n") ? "" : "\n");
}

char *arguments_rubric_path(const struct arguments *arguments)
{
    const bool is_here = strcmp(arguments->kit, ".") == 0; /* messages begin with the path */
    return g_build_filename(
        is_here ? "assignments" : arguments->kit, is_here ? arguments->assignment : "assignments",
        is_here ? "rubric.cfg" : arguments->assignment, is_here ? NULL : "rubric.cfg", NULL);
}

static void set_defaults(struct arguments *arguments)
{
    if (!arguments->kit)
        arguments->kit = g_strdup(".");
    if (!arguments->assignment)
        arguments->assignment = assignment_default(arguments->kit);
    if (!arguments->build_folder)
        arguments->build_folder = g_build_filename(arguments->kit, "build", NULL);
    if (!arguments->secret && g_getenv("GRADER_SECRET") && *g_getenv("GRADER_SECRET"))
        arguments->secret = g_strdup(g_getenv("GRADER_SECRET"));
    if (arguments->jobs == 0)
        arguments->jobs = (int)MIN(2, sysconf(_SC_NPROCESSORS_ONLN));
}

/* Appends the names of the folders of KIT/assignments that have a rubric. */
static void add_assignments(const char *kit, GPtrArray *names)
{
    g_autofree char *path = g_build_filename(kit, "assignments", NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));) {
        g_autofree char *rubric = g_build_filename(path, name, "rubric.cfg", NULL);
        if (g_file_test(rubric, G_FILE_TEST_EXISTS))
            g_ptr_array_add(names, g_strdup(name));
    }
}

bool grader_has_assignment(const struct arguments *arguments, GString *error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    add_assignments(arguments->kit, names);
    g_autofree char *rubric = arguments_rubric_path(arguments);
    if (g_file_test(rubric, G_FILE_TEST_EXISTS))
        return true;
    g_ptr_array_add(names, NULL);
    g_autoptr(GPtrArray) sorted =
        text_nearest_first(arguments->assignment, (const char *const *)names->pdata);
    g_string_append_printf(error, "there is no assignment \"%s\" (%s)", arguments->assignment,
                           rubric);
    for (guint i = 0; i < sorted->len; i++)
        g_string_append_printf(error, "%s%s",
                               i > 0 ? ", " : "; there are: ", (char *)sorted->pdata[i]);
    g_string_append_c(error, '\n');
    return false;
}

/* The name of an option that wants something and got "". NULL: there is none. */
static const char *empty_option(const struct arguments *arguments)
{
    const struct {
        const char *name, *value;
    } options[] = {
        {"--submission", arguments->submission},     {"--called", arguments->called},
        {"--assignment", arguments->assignment},     {"--out", arguments->out},
        {"--secret-file", arguments->secret},        {"--kit", arguments->kit},
        {"--build-folder", arguments->build_folder}, {"--place", arguments->place},
        {"--mutants", arguments->mutants},           {"--case", arguments->which},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(options); i++)
        if (options[i].value && *options[i].value == '\0')
            return options[i].name;
    return NULL;
}

static void complain_of_empty(const char *option)
{
    g_autofree char *message = g_strdup_printf("%s is empty: leave it out, or name one", option);
    grader_complain(message);
}

static bool device_is_known(const char *device)
{
    static const char *const known[] = {"cpu", "cuda", "emulated", NULL};
    return !device || g_strv_contains(known, device);
}

const char *arguments_gpu(const struct arguments *arguments)
{
    return g_strcmp0(arguments->device, "cpu") == 0 ? NULL : arguments->device;
}

static void complain_of_word(const char *word)
{
    g_autofree char *message = g_strdup_printf(
        "\"%s\" is an argument too many: what has blanks needs quotes; see --help", word);
    grader_complain(message);
}

/* What asks for no submission. */
static bool is_about_rubric(const struct arguments *arguments)
{
    return arguments->sandbox || arguments->lint || arguments->table || arguments->cases;
}

/* Takes the year from the environment where the command line has none. False: it is no year. */
static bool year_is_meant(struct arguments *arguments)
{
    const char *text = g_getenv("GRADER_YEAR");
    if (arguments->year == 0 && text && *text) {
        guint64 year;
        if (!g_ascii_string_to_unsigned(text, 10, 1, 9999, &year, NULL))
            return false;
        arguments->year = (int)year;
    }
    return arguments->year >= 0 && arguments->year <= 9999;
}

bool arguments_parse(struct arguments *arguments, int *argc, char ***argv)
{
    GOptionEntry entries[] = {
        {"submission", 's', 0, G_OPTION_ARG_FILENAME, &arguments->submission,
         "the folder to grade: it holds ASSIGNMENT/ or the files themselves", "FOLDER"},
        {"called", 0, 0, G_OPTION_ARG_FILENAME, &arguments->called,
         "what commands in reports call the submission, where its path is nobody's business",
         "NAME"},
        {"assignment", 'a', 0, G_OPTION_ARG_STRING, &arguments->assignment,
         "which assignment (the one that assignments/default names)", "NAME"},
        {"check", 'c', 0, G_OPTION_ARG_STRING, &arguments->check,
         "only these checks: names, parts of names, tier1, Q1, files; list: prints all", "NAMES"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &arguments->out,
         "where the reports go (build/grades/SUBMISSION/ASSIGNMENT)", "FOLDER"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &arguments->seed, "the seed of every run, to repeat one",
         "NUMBER"},
        {"secret-file", 0, 0, G_OPTION_ARG_FILENAME, &arguments->secret,
         "the instructor's secret, from which seeds are drawn (GRADER_SECRET names it, too)",
         "FILE"},
        {"year", 0, 0, G_OPTION_ARG_INT, &arguments->year,
         "sizes of runs and seeds are drawn for this year, from the secret (GRADER_YEAR says it, "
         "too)",
         "NUMBER"},
        {"case", 0, 0, G_OPTION_ARG_STRING, &arguments->which,
         "sizes of the checks' runs as a report gives them, \"1-0-2\"; 0: the kit's own", "CASE"},
        {"cases", 0, 0, G_OPTION_ARG_NONE, &arguments->cases,
         "only print which sizes are drawn for --year", NULL},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &arguments->jobs, "checks at the same time", "NUMBER"},
        {"build-folder", 0, 0, G_OPTION_ARG_FILENAME, &arguments->build_folder,
         "where the kit was built (build)", "FOLDER"},
        {"kit", 0, 0, G_OPTION_ARG_FILENAME, &arguments->kit, "the kit's folder (.)", "FOLDER"},
        {"keep", 'k', 0, G_OPTION_ARG_NONE, &arguments->keep,
         "keep the folder with the evidence, and say where it is", NULL},
        {"svg", 0, 0, G_OPTION_ARG_NONE, &arguments->svg,
         "draw pictures as SVG alone, which reports show, and no PNG beside them", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &arguments->quiet, "no progress display", NULL},
        {"device", 0, 0, G_OPTION_ARG_STRING, &arguments->device,
         "what programs compute on: cpu, cuda (a GPU) or emulated (one that the processor "
         "emulates)",
         "NAME"},
        {"sandbox", 0, 0, G_OPTION_ARG_NONE, &arguments->sandbox,
         "only say what holds programs in check on this machine", NULL},
        {"lint", 0, 0, G_OPTION_ARG_NONE, &arguments->lint, "only check the rubric", NULL},
        {"table", 0, 0, G_OPTION_ARG_NONE, &arguments->table,
         "only check the rubric, and print the hand-out's table of it", NULL},
        {"place", 0, 0, G_OPTION_ARG_FILENAME, &arguments->place,
         "only find the files, and put them (links, where it is a folder) here in "
         "FOLDER/ASSIGNMENT",
         "FOLDER"},
        {"mutants", 0, 0, G_OPTION_ARG_FILENAME, &arguments->mutants,
         "with --lint: is every check failed by a mutant of this folder?", "FOLDER"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- grades a submission");
    GError *problem = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(
        context,
        "Environment: REQUIRE_ISOLATION=1 makes it an error when the sandbox can't be "
        "closed;\nGRADER_SECRET=FILE; GRADER_YEAR=NUMBER; CIFAR10_DIR, FASHION_MNIST_DIR, "
        "TEXT_FILE: the data sets.\n"
        "Exit status: 0 graded, whatever the score; 1 could not grade, all or in part; 2 wrong "
        "usage.");
    if (!g_option_context_parse(context, argc, argv, &problem)) {
        grader_complain(problem->message);
        g_error_free(problem);
        return false;
    }
    if (*argc > 1)
        complain_of_word((*argv)[1]);
    else if (empty_option(arguments))
        complain_of_empty(empty_option(arguments));
    else if (!arguments->submission && !is_about_rubric(arguments))
        grader_complain("--submission FOLDER is missing; see --help");
    else if (!device_is_known(arguments->device))
        grader_complain("--device must be cpu, cuda or emulated");
    else if (!year_is_meant(arguments))
        grader_complain("--year, or GRADER_YEAR, must be a year, 1 … 9999");
    else if (arguments->cases && arguments->year == 0)
        grader_complain("--cases are those of a year: give --year, make cases YEAR=2026");
    else if (arguments->seed < 0 || arguments->jobs < 0)
        grader_complain("--seed and --jobs want a positive number");
    else {
        set_defaults(arguments);
        return true;
    }
    return false;
}

void arguments_clear(struct arguments *arguments)
{
    char *texts[] = {arguments->submission,   arguments->called, arguments->assignment,
                     arguments->check,        arguments->out,    arguments->kit,
                     arguments->build_folder, arguments->secret, arguments->mutants,
                     arguments->place,        arguments->device, arguments->which};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    *arguments = (struct arguments){0};
}
