/* Pictures by gnuplot: one process per picture, no shell. */
#include "grader/pictures/gnuplot.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 20

static bool without_png;

void gnuplot_leave_png_out(void)
{
    without_png = true;
}

/* The part of the script that is drawn: PNG comes last. A new string. */
static char *to_be_drawn(const char *script_text)
{
    const char *png = without_png ? g_strrstr(script_text, "\nset terminal pngcairo ") : NULL;
    return png ? g_strndup(script_text, (gsize)(png + 1 - script_text)) : g_strdup(script_text);
}

static void add_error(GString *error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_error(GString *error, const char *format, ...)
{
    if (!error)
        return;
    va_list list;
    va_start(list, format);
    g_string_append_vprintf(error, format, list);
    va_end(list);
}

/* In the child, before gnuplot starts: a picture can't take for ever. */
static void limit_time(gpointer unused)
{
    (void)unused;
    setrlimit(RLIMIT_CPU, &(struct rlimit){.rlim_cur = SECONDS, .rlim_max = SECONDS});
    alarm(SECONDS); /* survives exec, so a wait ends, too */
}

/* Nothing of the user's: what gnuplot and fontconfig read from the environment changes pictures, or
 * breaks them (docs/environment.md). Only where fontconfig keeps what it knows of fonts is theirs. */
static GPtrArray *own_environment(void)
{
    GPtrArray *variables = g_ptr_array_new_with_free_func(g_free);
    const char *kept[] = {"PATH", "TMPDIR", "LD_LIBRARY_PATH"};
    for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
        if (g_getenv(kept[i]))
            g_ptr_array_add(variables, g_strdup_printf("%s=%s", kept[i], g_getenv(kept[i])));
    g_ptr_array_add(variables, g_strdup("LC_ALL=C.UTF-8"));
    g_ptr_array_add(variables, g_strdup_printf("XDG_CACHE_HOME=%s", g_get_user_cache_dir()));
    g_ptr_array_add(variables, NULL);
    return variables;
}

/* ---- what became of it ------------------------------------------------------------------- */

/* Does a picture end as one of its kind does? */
static bool is_whole(const char *path)
{
    g_autofree char *content = NULL;
    gsize length = 0;
    const char *end = g_str_has_suffix(path, ".svg")   ? "</svg>"
                      : g_str_has_suffix(path, ".png") ? "IEND"
                                                       : NULL;
    if (!end)
        return true;
    if (!g_file_get_contents(path, &content, &length, NULL))
        return false;
    gsize tail = MIN(length, 16);
    return memmem(content + length - tail, tail, end, strlen(end)) != NULL;
}

/* The files that the script draws. */
static GPtrArray *outputs(const char *script_text)
{
    static const char begin[] = "set output '";
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(script_text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!g_str_has_prefix(*line, begin))
            continue;
        const char *name = *line + strlen(begin);
        g_ptr_array_add(names, g_strndup(name, strcspn(name, "'")));
    }
    return names;
}

/* gnuplot takes no notice of a full disk: looks at every picture. */
static bool are_whole(const GPtrArray *names, const char *from, const char *to, GString *error)
{
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(from, names->pdata[i], NULL);
        if (is_whole(path))
            continue;
        add_error(error, "%s/%s can't be written as a whole; is the disk full?", to,
                  (char *)names->pdata[i]);
        return false;
    }
    return true;
}

/* Each file takes the place of an older one in one go. */
static bool move(const GPtrArray *names, const char *from, const char *to, GString *error)
{
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(from, names->pdata[i], NULL);
        g_autofree char *place = g_build_filename(to, names->pdata[i], NULL);
        if (g_rename(path, place) == 0 || errno == ENOENT)
            continue;
        add_error(error, "%s can't be written: %s", place, g_strerror(errno));
        return false;
    }
    return true;
}

static void remove_all(const GPtrArray *names, const char *folder)
{
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
}

static bool write_script(const char *script, const char *text, const char *script_path,
                         GString *error)
{
    GError *problem = NULL;
    if (g_file_set_contents(script, text, -1, &problem))
        return true;
    add_error(error, "%s can't be written: %s", script_path, problem->message);
    g_error_free(problem);
    return false;
}

/* Draws in the folder, where the script is written, too; errors speak of script_path. */
static bool draw(const char *drawn_text, const char *name, const char *folder,
                 const char *script_path, GString *error)
{
    GError *problem = NULL;
    g_autofree char *script = g_build_filename(folder, name, NULL);
    if (!write_script(script, drawn_text, script_path, error))
        return false;
    /* -d: neither the user's ~/.gnuplot nor a gnuplotrc of this computer */
    char *arguments[] = {"gnuplot", "-d", (char *)(uintptr_t)name, NULL};
    g_autoptr(GPtrArray) environment = own_environment();
    g_autofree char *said = NULL;
    int status = 0;
    if (!g_spawn_sync(folder, arguments, (char **)environment->pdata,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, limit_time, NULL, NULL,
                      &said, &status, &problem)) {
        add_error(error, "gnuplot can't be run: %s", problem->message);
        g_error_free(problem);
        return false;
    }
    if (WIFSIGNALED(status)) {
        add_error(error, "gnuplot was ended by signal %d (%s) on %s", WTERMSIG(status),
                  strsignal(WTERMSIG(status)), script_path);
        return false;
    }
    if (WEXITSTATUS(status) != 0)
        add_error(error, "gnuplot refuses %s: %s", script_path, g_strstrip(said));
    return WEXITSTATUS(status) == 0;
}

bool gnuplot_run(const char *script_text, const char *script_path, GString *error)
{
    g_autofree char *to = g_path_get_dirname(script_path);
    g_autofree char *name = g_path_get_basename(script_path);
    g_autofree char *from = g_build_filename(to, ".new-XXXXXX", NULL);
    if (!g_mkdtemp(from)) {
        add_error(error, "%s can't be written: %s", script_path, g_strerror(errno));
        return false;
    }
    g_autofree char *part = to_be_drawn(script_text);
    g_autofree char *script = g_build_filename(from, name, NULL);
    g_autoptr(GPtrArray) names = outputs(part);
    bool drawn = draw(part, name, from, script_path, error) && are_whole(names, from, to, error) &&
                 (!without_png || write_script(script, script_text, script_path, error));
    g_ptr_array_add(names, g_strdup(name));
    drawn = drawn && move(names, from, to, error);
    remove_all(names, from);
    return drawn;
}

char *gnuplot_quote(const char *text)
{
    GString *quoted = g_string_new("\"");
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (const char *c = valid; *c; c++) {
        if (*c == '\n')
            g_string_append(quoted, "\\n");
        else if ((unsigned char)*c < ' ')
            g_string_append_c(quoted, ' ');
        else if (*c == '"' || *c == '\\')
            /* a backslash must survive both the string and enhanced mode */
            g_string_append(quoted, *c == '"' ? "\\\"" : "\\\\\\\\");
        else if (*c == '`') /* also in quotes gnuplot would run what stands in these */
            g_string_append(quoted, "\\140");
        else if (strchr("_^{}@&~", *c))
            g_string_append_printf(quoted, "\\\\%c", *c);
        else
            g_string_append_c(quoted, *c);
    }
    g_string_append_c(quoted, '"');
    return g_string_free(quoted, FALSE);
}
