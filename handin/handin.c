/* The command line of handin, and what its commands share. */
#include "handin/handin.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_REFERENCE "mlp-fashion-mnist"

void handin_complain(const GString *problems)
{
    g_auto(GStrv) lines = g_strsplit(problems->str, "\n", -1);
    for (char **line = lines; *line; line++)
        if (**line)
            fprintf(stderr, "handin: %s\n", *line);
}

char *handin_how_to_train(const struct handin_options *options)
{
    return g_strdup_printf("make train ASSIGNMENT=%s SUBMISSION=%s NP=4 "
                           "ARGS=\"--micro-batches 8 --steps 400\"",
                           options->assignment, options->submission);
}

/* ---- curves ------------------------------------------------------------------------------- */

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "mlp-fashion-mnist, vit-cifar10": the curves of a folder. */
static char *names_of_curves(const char *folder)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) open = g_dir_open(folder, 0, NULL);
    for (const char *name; open && (name = g_dir_read_name(open));)
        if (g_str_has_suffix(name, ".csv") && !g_str_equal(name, "settings.csv"))
            g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".csv")));
    g_ptr_array_sort(names, by_name);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **)names->pdata);
}

/* The path of the reference curve, or NULL with a line in problems. */
static char *find_reference(const struct handin_options *options, GString *problems)
{
    g_autofree char *folder = g_build_filename("assignments", options->assignment, "curves", NULL);
    g_autofree char *file = g_strconcat(options->reference, ".csv", NULL);
    char *path = g_build_filename(folder, file, NULL);
    if (!strchr(options->reference, '/') && g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return path;
    g_free(path);
    g_autofree char *names = names_of_curves(folder);
    g_string_append_printf(problems, "there is no reference curve \"%s\" in %s. There are: %s\n",
                           options->reference, folder, *names ? names : "none");
    return NULL;
}

bool handin_curves(const struct handin_options *options, struct learning_curves **curves,
                   GString *problems)
{
    *curves = NULL;
    g_autofree char *reference = find_reference(options, problems);
    if (!reference)
        return false;
    bool found;
    *curves = learning_curves_read(options->curves, reference, &found, problems);
    if (!*curves)
        return !found;
    g_autofree char *name = g_path_get_basename(options->submission);
    g_autofree char *title =
        g_strdup_printf("%s: learning curves of %s", options->assignment, name);
    if (learning_curves_draw(*curves, title, options->curves, problems))
        return true;
    g_clear_pointer(curves, learning_curves_free);
    return false;
}

int handin_plot(const struct handin_options *options)
{
    g_autoptr(GString) problems = g_string_new(NULL);
    struct learning_curves *curves;
    if (!handin_curves(options, &curves, problems)) {
        handin_complain(problems);
        return 1;
    }
    if (!curves) {
        g_autofree char *how = handin_how_to_train(options);
        fprintf(stderr, "handin: there is no learning curve in %s. Make one first:\n    %s\n",
                options->curves, how);
        return 1;
    }
    printf("%d curve%s over %s: %s/curves.svg, %s/curves.png\n", curves->count - 1,
           curves->count == 2 ? "" : "s", options->reference, options->curves, options->curves);
    learning_curves_free(curves);
    return 0;
}

/* ---- command line ------------------------------------------------------------------------- */

static bool is_plain_name(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/');
}

static void fill_in_defaults(struct handin_options *options)
{
    if (!options->submission)
        options->submission = g_strdup("skeleton");
    if (!options->assignment)
        options->assignment = g_strdup("pipeline");
    if (!options->reference)
        options->reference = g_strdup(DEFAULT_REFERENCE);
    g_autofree char *name = g_path_get_basename(options->submission);
    if (!options->out)
        options->out = g_build_filename("build", "submissions", name, NULL);
    if (!options->curves)
        options->curves = g_build_filename("build", "curves", name, options->assignment, NULL);
}

static bool read_options(int *argc, char ***argv, struct handin_options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"submission", 's', 0, G_OPTION_ARG_FILENAME, &options->submission,
         "the submission (default: skeleton)", "FOLDER"},
        {"assignment", 'a', 0, G_OPTION_ARG_STRING, &options->assignment,
         "the assignment (default: pipeline)", "NAME"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &options->out,
         "where pack writes (default: build/submissions/SUBMISSION)", "FOLDER"},
        {"curves", 'c', 0, G_OPTION_ARG_FILENAME, &options->curves,
         "where the learning curves are (default: build/curves/SUBMISSION/ASSIGNMENT)", "FOLDER"},
        {"reference", 'r', 0, G_OPTION_ARG_STRING, &options->reference,
         "the curve to compare with (default: " DEFAULT_REFERENCE ")", "CURVE"},
        {"evidence", 'e', 0, G_OPTION_ARG_FILENAME, &options->evidence,
         "timeline: where the logs of a run are", "FOLDER"},
        {"schedule", 0, 0, G_OPTION_ARG_STRING, &options->schedule,
         "timeline: the schedule to compare with, or to draw", "NAME"},
        {"arguments", 0, 0, G_OPTION_ARG_STRING, &options->arguments,
         "timeline: the arguments of the run, which name its schedule", "TEXT"},
        {"program", 0, 0, G_OPTION_ARG_FILENAME, &options->program,
         "timeline: the program that ran, for source lines", "FILE"},
        {"where", 0, 0, G_OPTION_ARG_STRING, &options->where,
         "timeline: on which machine it ran, for the title", "TEXT"},
        {"stages", 0, 0, G_OPTION_ARG_INT, &options->stages,
         "timeline: draw a reference schedule with so many ranks, to --out FILE", "P"},
        {"micro-batches", 0, 0, G_OPTION_ARG_INT, &options->micro_batches,
         "timeline: … and so many micro-batches (8)", "M"},
        {"chunks", 0, 0, G_OPTION_ARG_INT, &options->chunks,
         "timeline: … and so many stages per rank (2, if the schedule has several)", "V"},
        {NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("pack|plot|timeline");
    g_option_context_set_summary(context,
                                 "pack: checks the submission, writes its archive and the one "
                                 "Markdown file.\nplot: draws its learning curves over the "
                                 "one-process curve.\ntimeline: draws who worked when in a run.");
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

static int run_command(int argc, char **argv, struct handin_options *options)
{
    g_autoptr(GError) error = NULL;
    if (!read_options(&argc, &argv, options, &error)) {
        fprintf(stderr, "handin: %s\n", error->message);
        return 2;
    }
    const bool own_out = options->out != NULL;
    fill_in_defaults(options);
    if (!is_plain_name(options->assignment)) {
        fprintf(stderr, "handin: --assignment %s: must be the name of a folder in assignments/\n",
                options->assignment);
        return 2;
    }
    if (argc == 2 && g_str_equal(argv[1], "pack"))
        return handin_pack(options);
    if (argc == 2 && g_str_equal(argv[1], "plot"))
        return handin_plot(options);
    if (argc == 2 && g_str_equal(argv[1], "timeline") && options->evidence)
        return handin_timeline(options);
    if (argc == 2 && g_str_equal(argv[1], "timeline") && options->schedule && own_out)
        return handin_timeline_of_schedule(options);
    fprintf(stderr,
            "handin: one command is wanted: pack, plot, or timeline with --evidence, or with "
            "--schedule and --out; --help says more\n");
    return 2;
}

int handin_main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8"); /* for messages with file names */
    struct handin_options options = {0};
    const int status = run_command(argc, argv, &options);
    g_free(options.submission);
    g_free(options.assignment);
    g_free(options.out);
    g_free(options.curves);
    g_free(options.reference);
    g_free(options.evidence);
    g_free(options.schedule);
    g_free(options.arguments);
    g_free(options.program);
    g_free(options.where);
    return status;
}
