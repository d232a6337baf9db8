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
    if (!handin_has_curves(options))
        return true;
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
    if (!handin_has_curves(options)) {
        fprintf(stderr, "handin: %s has no learning curves: there is nothing to plot\n",
                options->assignment);
        return 1;
    }
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
