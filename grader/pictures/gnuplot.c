/* Pictures by gnuplot: one process per picture, no shell. */
#include "grader/pictures/gnuplot.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 20

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

/* gnuplot takes no notice of a full disk: looks at every picture of the script, and removes what is
 * only half of one. */
static bool are_whole(const char *script_text, const char *folder, GString *error)
{
    static const char begin[] = "set output '";
    g_auto(GStrv) lines = g_strsplit(script_text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!g_str_has_prefix(*line, begin))
            continue;
        const char *name = *line + strlen(begin);
        g_autofree char *file = g_strndup(name, strcspn(name, "'"));
        g_autofree char *path = g_build_filename(folder, file, NULL);
        if (is_whole(path))
            continue;
        add_error(error, "%s can't be written as a whole; is the disk full?", path);
        unlink(path);
        return false;
    }
    return true;
}

bool gnuplot_run(const char *script_text, const char *script_path, GString *error)
{
    GError *problem = NULL;
    if (!g_file_set_contents(script_path, script_text, -1, &problem)) {
        add_error(error, "%s", problem->message);
        g_error_free(problem);
        return false;
    }
    g_autofree char *folder = g_path_get_dirname(script_path);
    g_autofree char *name = g_path_get_basename(script_path);
    /* -d: neither the user's ~/.gnuplot nor a gnuplotrc of this computer */
    char *arguments[] = {"gnuplot", "-d", name, NULL};
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
    if (WEXITSTATUS(status) != 0) {
        add_error(error, "gnuplot refuses %s: %s", script_path, g_strstrip(said));
        return false;
    }
    return are_whole(script_text, folder, error);
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
