/* handin plot: learning curves over the one-process curve. */
#include "grader/text/text.h"
#include "handin/handin.h"

#include <stdio.h>
#include <string.h>

char *handin_how_to_train(const struct handin_options *options)
{
    g_autofree char *submission = text_shell_word(options->submission);
    return g_strdup_printf("make train ASSIGNMENT=%s SUBMISSION=%s NP=4 "
                           "ARGS=\"--micro-batches 8 --steps 400\"",
                           options->assignment, submission);
}

bool handin_has_curves(const struct handin_options *options)
{
    return *options->reference != '\0';
}

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

/* The path of the reference curve, or NULL. */
static char *find_reference(const struct handin_options *options)
{
    g_autofree char *file =
        g_strdup_printf("assignments/%s/curves/%s.csv", options->assignment, options->reference);
    return !strchr(options->reference, '/') && g_file_test(file, G_FILE_TEST_IS_REGULAR)
               ? g_steal_pointer(&file)
               : NULL;
}

static void tell_references(const struct handin_options *options, GString *text)
{
    g_autofree char *folder = g_build_filename("assignments", options->assignment, "curves", NULL);
    g_autofree char *names = names_of_curves(folder);
    g_string_append_printf(text, "there is no reference curve \"%s\" in %s. ", options->reference,
                           folder);
    if (*names)
        g_string_append_printf(
            text, "ARGS=\"--reference NAME\" takes one of these: %s. Without it the first is taken",
            names);
    else
        g_string_append(text, "There is none at all: take that folder from the kit again");
}

bool handin_curves(const struct handin_options *options, struct learning_curves **curves,
                   bool *drawn, GString *warnings, GString *problems)
{
    *curves = NULL;
    *drawn = false;
    if (!handin_has_curves(options))
        return true;
    g_autofree char *reference = find_reference(options);
    if (!reference && options->reference_is_asked_for) {
        tell_references(options, problems);
        g_string_append(problems, ".\n");
        return false;
    }
    bool found;
    *curves = learning_curves_read(options->curves, reference, &found, warnings);
    if (!*curves)
        return true;
    if (!reference) {
        tell_references(options, warnings);
        g_string_append(warnings, ". The curves are drawn without it.\n");
    }
    g_autofree char *name = g_path_get_basename(options->submission);
    g_autofree char *title =
        g_strdup_printf("%s: learning curves of %s", options->assignment, name);
    *drawn = learning_curves_draw(*curves, title, options->curves, warnings);
    return true;
}

/* Draws, or says why there is no picture. */
static bool plot(const struct handin_options *options, GString *problems)
{
    struct learning_curves *curves;
    bool drawn;
    g_autoptr(GString) warnings = g_string_new(NULL);
    if (!handin_curves(options, &curves, &drawn, warnings, problems))
        return false;
    handin_warn(warnings);
    if (!curves) {
        g_autofree char *how = handin_how_to_train(options);
        g_string_append_printf(problems, "there is no learning curve%s in %s. Make one first: %s\n",
                               warnings->len > 0 ? " that can be used" : "", options->curves, how);
    }
    if (!drawn) {
        learning_curves_free(curves);
        return false;
    }
    const int own = curves->count - (curves->has_reference ? 1 : 0);
    printf("%d curve%s%s%s: %s/curves.svg, %s/curves.png\n", own, own == 1 ? "" : "s",
           curves->has_reference ? " over " : "", curves->has_reference ? options->reference : "",
           options->curves, options->curves);
    learning_curves_free(curves);
    return true;
}

int handin_plot(const struct handin_options *options)
{
    if (!handin_has_curves(options)) {
        fprintf(stderr,
                "handin: %s has no learning curves, so there is nothing to plot; ASSIGNMENT=NAME "
                "chooses another\n",
                options->assignment);
        return 1;
    }
    g_autoptr(GString) problems = g_string_new(NULL);
    const bool done = plot(options, problems);
    handin_complain(problems);
    return done ? 0 : 1;
}
