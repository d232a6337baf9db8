/* The command line of class intake; see session.h. */
#include "class/intake/session.h"

#include <stdio.h>

bool intake_options_parse(struct intake_options *options, int *argc, char ***argv)
{
    GOptionEntry entries[] = {
        {"submissions", 's', 0, G_OPTION_ARG_FILENAME, &options->submissions,
         "what was handed in: a folder with one folder or archive per student", "FOLDER"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &options->out, "the folder of the class", "FOLDER"},
        {"assignments", 'a', 0, G_OPTION_ARG_STRING, &options->assignments,
         "those that are graded, with blanks between", "NAMES"},
        {"policy", 0, 0, G_OPTION_ARG_FILENAME, &options->policy, "deadline and late days",
         "policy.cfg"},
        {"extensions", 0, 0, G_OPTION_ARG_FILENAME, &options->extensions,
         "who has more time: id,days,until,reason,used", "extensions.csv"},
        {"roster", 0, 0, G_OPTION_ARG_FILENAME, &options->roster,
         "who is in the course: id,name,email,group", "roster.csv"},
        {"kit", 0, 0, G_OPTION_ARG_FILENAME, &options->kit, "the kit's folder (.)", "FOLDER"},
        {"build-folder", 0, 0, G_OPTION_ARG_FILENAME, &options->build_folder,
         "where it was built (KIT/build)", "FOLDER"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- takes in what was handed in");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    const bool parsed = g_option_context_parse(context, argc, argv, &wrong);
    const char *missing = !options->submissions   ? "what was handed in? --submissions FOLDER"
                          : !options->out         ? "where to? --out FOLDER"
                          : !options->assignments ? "which assignments? --assignments \"NAME NAME\""
                          : *argc > 1             ? "there is a word too many"
                                                  : NULL;
    if (!parsed || missing)
        fprintf(stderr, "class intake: %s\n", wrong ? wrong->message : missing);
    if (!options->kit)
        options->kit = g_strdup(".");
    if (!options->build_folder)
        options->build_folder = g_build_filename(options->kit, "build", NULL);
    return parsed && !missing;
}

void intake_options_clear(struct intake_options *options)
{
    g_free(options->submissions);
    g_free(options->out);
    g_free(options->assignments);
    g_free(options->policy);
    g_free(options->extensions);
    g_free(options->roster);
    g_free(options->kit);
    g_free(options->build_folder);
}
