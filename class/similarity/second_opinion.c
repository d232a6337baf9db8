/*
 * A second opinion: sim_c -p says how much of one file another has, by its own measure: the longest common pieces of 24
 * tokens and more, names all one, with what everybody was given in it (D. Grune, M. Huntjens 1989).
 */
#include "class/similarity/comparison.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static bool write_whole(const struct source *source, const char *path)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < source->files->len; i++) {
        g_string_append_len(text, SOURCE_FILE(source, i)->text,
                            (gssize)SOURCE_FILE(source, i)->length);
        g_string_append_c(text, '\n');
    }
    return g_file_set_contents(path, text->str, (gssize)text->len, NULL);
}

/* Lines are "one.c consists for 93 % of other.c material". */
static int largest_of(const char *output)
{
    long most = 0;
    for (const char *at = output; (at = strstr(at, "consists for ")) != NULL;) {
        at += strlen("consists for ");
        most = MAX(most, strtol(at, NULL, 10));
    }
    return (int)MIN(most, 100);
}

static int ask(const char *folder, const struct pair *pair)
{
    g_autofree char *one = g_build_filename(folder, "one.c", NULL),
                    *other = g_build_filename(folder, "other.c", NULL), *output = NULL;
    char words[][12] = {"sim_c", "-T", "-p", "-t1", "one.c", "other.c"};
    char *command[] = {words[0], words[1], words[2], words[3], words[4], words[5], NULL};
    int status;
    if (!write_whole(pair->source[0], one) || !write_whole(pair->source[1], other) ||
        !g_spawn_sync(folder, command, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                      NULL, &output, NULL, &status, NULL) ||
        status != 0)
        return -1;
    return largest_of(output);
}

bool similarity_ask_second_opinion(GPtrArray *pairs, guint count)
{
    g_autofree char *program = g_find_program_in_path("sim_c"),
                    *folder = program ? g_dir_make_tmp("second-opinion-XXXXXX", NULL) : NULL;
    if (!folder)
        return false;
    for (guint i = 0; i < pairs->len && i < count; i++)
        PAIR(pairs, i)->second_opinion = ask(folder, PAIR(pairs, i));
    for (guint i = 0; i < 2; i++) {
        g_autofree char *path = g_build_filename(folder, i == 0 ? "one.c" : "other.c", NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    return true;
}
