/* The reports as files. */
#include "grader/report/report.h"
#include "grader/report/report_shown.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static bool write_file(const char *out, const char *name, const char *text, GString *error)
{
    g_autofree char *path = g_build_filename(out, name, NULL);
    GError *problem = NULL;
    if (g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &problem))
        return true;
    g_string_append_printf(error,
                           "%s%s can't be written: %s; the report on the terminal is complete",
                           error->len > 0 ? "\n" : "", path, problem->message);
    g_error_free(problem);
    return false;
}

/* Files beside the reports: the HTML holds the pictures already, so where they can't be written
 * nothing is lost. Returns their names; NULL: not all of them are there. */
static GHashTable *copy_pictures(const char *from, const char *to, GString *error)
{
    g_autoptr(GDir) listing = g_dir_open(from, 0, NULL);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GError *problem = NULL;
    for (const char *name; !problem && listing && (name = g_dir_read_name(listing));) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *copy = g_build_filename(to, name, NULL);
        g_autofree char *content = NULL;
        gsize length;
        if (g_file_get_contents(source, &content, &length, &problem))
            g_file_set_contents_full(copy, content, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT,
                                     0644, &problem);
        g_hash_table_add(names, g_strdup(name));
    }
    if (!problem)
        return listing ? g_steal_pointer(&names) : NULL;
    g_string_append_printf(error,
                           "not all files of pictures can be written: %s; report.html is complete",
                           problem->message);
    g_error_free(problem);
    return NULL;
}

/* Is it the name of a picture of one of these checks, or of what it was drawn with: CHECK-run-NUMBER-WHAT.svg
 * (verdict_picture_path)? */
static bool is_picture(const struct rubric *rubric, const char *name)
{
    if (!g_str_has_suffix(name, ".svg") && !g_str_has_suffix(name, ".png") &&
        !g_str_has_suffix(name, ".gnuplot"))
        return false;
    for (guint i = 0; i < rubric->checks->len; i++) {
        g_autofree char *begin = g_strconcat(RUBRIC_CHECKS(rubric, i)->name, "-run-", NULL);
        if (g_str_has_prefix(name, begin) && g_ascii_isdigit(name[strlen(begin)]))
            return true;
    }
    return false;
}

/* Pictures of an earlier grade, which the new reports don't show: only when those are there. */
static void remove_earlier(const struct grade *grade, GHashTable *names)
{
    g_autoptr(GDir) listing = g_dir_open(grade->out, 0, NULL);
    g_autoptr(GPtrArray) earlier = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; listing && (name = g_dir_read_name(listing));)
        if (is_picture(grade->rubric, name) && !g_hash_table_contains(names, name))
            g_ptr_array_add(earlier, g_build_filename(grade->out, name, NULL));
    for (guint i = 0; i < earlier->len; i++)
        g_unlink(earlier->pdata[i]); /* one that stays does no harm */
}

static void put_pictures(const struct grade *grade, GString *error)
{
    GHashTable *names = copy_pictures(grade->pictures, grade->out, error);
    if (!names)
        return;
    remove_earlier(grade, names);
    g_hash_table_destroy(names);
}

/* Waits for another grade that writes there at the moment: the reports of one belong together.
 * Closing what it returns lets the next one in; -1: the folder can't be locked. */
static int lock_folder(const char *folder)
{
    int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock >= 0 && flock(lock, LOCK_EX) != 0) {
        close(lock);
        return -1;
    }
    return lock;
}

/* What may be handed out at a time, where that is not all; what an earlier grade left there otherwise goes. */
static bool write_shown(const struct grade *grade, enum report_time time, GString *error)
{
    struct grade *shown = report_shown(grade, time);
    if (!shown) {
        g_autofree char *path = g_build_filename(grade->out, report_shown_file(time), NULL);
        return g_unlink(path) == 0 || errno == ENOENT;
    }
    g_autofree char *html = report_html(shown, grade->pictures);
    report_shown_free(shown);
    return write_file(grade->out, report_shown_file(time), html, error);
}

/* First what says most. */
bool report_write(const struct grade *grade, GString *error)
{
    int lock = lock_folder(grade->out);
    g_autofree char *json = report_json(grade);
    g_autofree char *record = report_record(grade);
    GString *markdown = report_markdown(grade);
    g_autofree char *html = report_html(grade, grade->pictures);
    bool written = write_file(grade->out, "results.json", json, error);
    written = write_file(grade->out, "record.json", record, error) && written;
    written = write_file(grade->out, "report.md", markdown->str, error) && written;
    written = write_file(grade->out, "report.html", html, error) && written;
    for (enum report_time time = REPORT_BEFORE_DUE_DATE; time < REPORT_TIMES; time++)
        written = write_shown(grade, time, error) && written;
    g_string_free(markdown, TRUE);
    if (written)
        put_pictures(grade, error);
    if (lock >= 0)
        close(lock);
    return written;
}
