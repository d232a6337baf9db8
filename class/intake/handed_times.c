/* When something was handed in; see handed.h. */
#include "class/intake/handed.h"

#include "class/intake/times.h"
#include "class/students/cells.h"
#include "grader/sandbox/sandbox.h"
#include "grader/text/text.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEEPEST      8
#define MOST_ENTRIES 20000
#define GIT_SECONDS  10

GPtrArray *intake_times_read(const char *submissions, GString *error)
{
    g_autofree char *path = g_build_filename(submissions, "times.csv", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return NULL;
    GPtrArray *rows = cells_read(path, error);
    if (!rows)
        return NULL;
    const GPtrArray *header = rows->len > 0 ? rows->pdata[0] : NULL;
    if (header && cells_column(header, "submitted_at") >= 0 &&
        (cells_column(header, "id") >= 0 || cells_column(header, "file") >= 0))
        return rows;
    g_string_append_printf(
        error, "%s: its first row has to name the columns id,file,submitted_at\n", path);
    g_ptr_array_unref(rows);
    return NULL;
}

static bool is_about(const GPtrArray *header, const GPtrArray *row,
                     const struct intake_attempt *attempt, const struct intake_handed *handed)
{
    const char *file = cells_at(row, cells_column(header, "file"));
    const char *id = cells_at(row, cells_column(header, "id"));
    if (*file)
        return strcmp(file, attempt->shown) == 0;
    for (guint i = 0; *id && i < handed->members->len; i++) {
        const struct member *member = handed->members->pdata[i];
        if (g_ascii_strcasecmp(member->id, id) == 0)
            return true;
    }
    return false;
}

static bool from_table(struct intake_attempt *attempt, const struct intake_handed *handed,
                       const GPtrArray *times, GTimeZone *zone, GString *remarks)
{
    for (guint i = 1; times && i < times->len; i++) {
        const GPtrArray *header = times->pdata[0], *row = times->pdata[i];
        const char *text = cells_at(row, cells_column(header, "submitted_at"));
        g_autoptr(GString) why = g_string_new(NULL);
        if (!is_about(header, row, attempt, handed))
            continue;
        if (intake_time_parse(text, zone, INTAKE_FIRST, &attempt->time, why)) {
            attempt->time_from = "times.csv";
            return true;
        }
        g_autofree char *shown = text_clean_name(text);
        g_string_append_printf(remarks, "times.csv: row %u: \"%s\": %s\n", i + 1, shown, why->str);
    }
    return false;
}

/* The newest commit's time, asked of git in the sandbox: what is in .git may make git run programs. */
static bool from_git(struct intake_attempt *attempt)
{
    const struct intake_file *file = attempt->files->pdata[0];
    g_autofree char *git = g_build_filename(file->path, ".git", NULL);
    if (attempt->files->len != 1 || !g_file_test(git, G_FILE_TEST_IS_DIR) ||
        g_file_test(git, G_FILE_TEST_IS_SYMLINK))
        return false;
    const struct sandbox_bind see[] = {{git, "/repository.git"}, {NULL, NULL}};
    char *words[] = {"git", "-c", "safe.directory=*", "--git-dir", NULL,
                     "log", "-1", "--format=%ct",     NULL};
    struct sandbox_command command = {
        .words = words, .see = see, .limits = sandbox_limits_default(), .user = sandbox_user(0)};
    struct sandbox_result result;
    words[4] = (char *)sandbox_path(git, "/repository.git");
    command.limits.seconds = GIT_SECONDS;
    sandbox_run(&command, &result);
    char *end;
    const gint64 time = sandbox_did(&result) ? g_ascii_strtoll(result.output->str, &end, 10) : 0;
    sandbox_result_clear(&result);
    attempt->time = time;
    attempt->time_from = "the last commit, whose time its author sets";
    return time > 0;
}

/* The newest time of the plain files below. */
static void newest(const char *path, int depth, int *entries, gint64 *time)
{
    struct stat status;
    if (++*entries > MOST_ENTRIES || lstat(path, &status) != 0)
        return;
    if (S_ISREG(status.st_mode))
        *time = MAX(*time, (gint64)status.st_mtime);
    DIR *listing = S_ISDIR(status.st_mode) && depth < DEEPEST ? opendir(path) : NULL;
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        g_autofree char *inner = g_build_filename(path, entry->d_name, NULL);
        if (!intake_is_litter(entry->d_name))
            newest(inner, depth + 1, entries, time);
    }
    if (listing)
        closedir(listing);
}

void intake_attempt_set_time(struct intake_attempt *attempt, const struct intake_handed *handed,
                             const GPtrArray *times, const char *in_name, GTimeZone *zone,
                             GString *remarks)
{
    g_autoptr(GString) why = g_string_new(NULL);
    if (attempt->has_time || attempt->is_odd)
        return;
    attempt->has_time = true;
    if (from_table(attempt, handed, times, zone, remarks))
        return;
    if (in_name && intake_time_parse(in_name, zone, INTAKE_FIRST, &attempt->time, why)) {
        attempt->time_from = "its name";
        return;
    }
    if (from_git(attempt))
        return;
    int entries = 0;
    attempt->time = 0;
    for (guint i = 0; i < attempt->files->len; i++)
        newest(((struct intake_file *)attempt->files->pdata[i])->path, 0, &entries, &attempt->time);
    attempt->has_time = attempt->time > 0;
    attempt->time_from = "the file's time of change";
}
