/* The command line of handin. */
#include "handin/handin.h"

#include "grader/verdict/assignment.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static void print_lines(const char *begin, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (**line)
            fprintf(stderr, "%s%s\n", begin, *line);
}

void handin_complain(const GString *problems)
{
    print_lines("handin: ", problems->str);
}

void handin_warn(const GString *warnings)
{
    print_lines("handin: warning: ", warnings->str);
}

/* ---- command line ------------------------------------------------------------------------- */

static bool is_plain_name(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/');
}

/* The first curve that an assignment's settings list; empty if it has none. A new string. */
static char *first_reference(const char *assignment)
{
    g_autofree char *path =
        g_build_filename("assignments", assignment, "curves", "settings.csv", NULL);
    g_autofree char *settings = NULL;
    if (!g_file_get_contents(path, &settings, NULL, NULL))
        return g_strdup("");
    const char *row = settings + strcspn(settings, "\n"); /* behind the header */
    row += *row == '\n';
    return g_strndup(row, strcspn(row, ",\n"));
}

static void fill_in_defaults(struct handin_options *options)
{
    if (!options->submission)
        options->submission = g_strdup("skeleton");
    if (!options->assignment)
        options->assignment = assignment_default(".");
    options->reference_is_asked_for = options->reference != NULL;
    if (!options->reference)
        options->reference = first_reference(options->assignment);
    g_autofree char *name = g_path_get_basename(options->submission);
    if (!options->out)
        options->out = g_build_filename("build", "submissions", name, options->assignment, NULL);
    if (!options->curves)
        options->curves = g_build_filename("build", "curves", name, options->assignment, NULL);
}

static bool read_options(int *argc, char ***argv, struct handin_options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"submission", 's', 0, G_OPTION_ARG_FILENAME, &options->submission,
         "the submission (default: skeleton)", "FOLDER"},
        {"assignment", 'a', 0, G_OPTION_ARG_STRING, &options->assignment,
         "the assignment (default: the one that assignments/default names)", "NAME"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &options->out,
         "where pack writes (default: build/submissions/SUBMISSION/ASSIGNMENT)", "FOLDER"},
        {"curves", 'c', 0, G_OPTION_ARG_FILENAME, &options->curves,
         "where the learning curves are (default: build/curves/SUBMISSION/ASSIGNMENT)", "FOLDER"},
        {"reference", 'r', 0, G_OPTION_ARG_STRING, &options->reference,
         "the curve to compare with (default: the first of the assignment's curves/settings.csv)",
         "CURVE"},
        {"evidence", 'e', 0, G_OPTION_ARG_FILENAME, &options->evidence,
         "timeline: where the logs of a run are", "FOLDER"},
        {"arguments", 0, 0, G_OPTION_ARG_STRING, &options->arguments,
         "timeline: the arguments of the program that ran", "TEXT"},
        {"program", 0, 0, G_OPTION_ARG_FILENAME, &options->program,
         "timeline: the program that ran, for source lines", "FILE"},
        {"where", 0, 0, G_OPTION_ARG_STRING, &options->where,
         "timeline: on which machine it ran, for the title", "TEXT"},
        {"ranks", 0, 0, G_OPTION_ARG_INT, &options->ranks,
         "timeline: draw what a run with these arguments on so many ranks should look like, to "
         "--out FILE",
         "P"},
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
    const bool own_out = options->out;
    fill_in_defaults(options);
    if (!is_plain_name(options->assignment)) {
        fprintf(stderr, "handin: --assignment %s: must be the name of a folder in assignments/\n",
                options->assignment);
        return 2;
    }
    if (!assignment_find(options->assignment)) {
        fprintf(stderr, "handin: there is no assignment \"%s\"; ls assignments lists them\n",
                options->assignment);
        return 1;
    }
    if (argc == 2 && g_str_equal(argv[1], "pack"))
        return handin_pack(options);
    if (argc == 2 && g_str_equal(argv[1], "plot"))
        return handin_plot(options);
    if (argc == 2 && g_str_equal(argv[1], "timeline") && options->evidence)
        return handin_timeline(options);
    if (argc == 2 && g_str_equal(argv[1], "timeline") && options->ranks != 0 && own_out)
        return handin_timeline_of_ranks(options);
    fprintf(stderr,
            "handin: one command is wanted: pack, plot, or timeline with --evidence, or with "
            "--ranks and --out; --help says more\n");
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
    g_free(options.arguments);
    g_free(options.program);
    g_free(options.where);
    return status;
}
