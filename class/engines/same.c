/* See same.h. */
#include "class/engines/same.h"

#include "class/students/class.h"
#include "class/students/records.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_ENTRIES 2000
#define MOST_BYTES   ((gsize)64 << 20)
#define MOST_DEPTH   32

/* ---- the key -------------------------------------------------------------------------------------- */

struct sum {
    GChecksum *checksum;
    int entries;
    gsize bytes;
};

/* With its length before it, so that no two lists of parts give the same bytes. */
static void add_part(struct sum *sum, const char *bytes, gsize length)
{
    g_autofree char *size = g_strdup_printf("%zu:", length);
    g_checksum_update(sum->checksum, (const guchar *)size, -1);
    g_checksum_update(sum->checksum, (const guchar *)bytes, (gssize)length);
}

static void add_text(struct sum *sum, const char *text)
{
    add_part(sum, text, strlen(text));
}

static bool add_file(struct sum *sum, const char *path)
{
    g_autofree char *bytes = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &bytes, &length, NULL))
        return false;
    add_part(sum, bytes, length);
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_folder(struct sum *sum, const char *path, int depth);

static bool add_entry(struct sum *sum, const char *path, const char *name, int depth)
{
    struct stat status;
    if (++sum->entries > MOST_ENTRIES || lstat(path, &status) != 0)
        return false;
    add_text(sum, S_ISDIR(status.st_mode) ? "folder" : "file");
    add_text(sum, name);
    if (S_ISDIR(status.st_mode))
        return add_folder(sum, path, depth + 1);
    sum->bytes += (gsize)status.st_size;
    return S_ISREG(status.st_mode) && sum->bytes <= MOST_BYTES && add_file(sum, path);
}

static bool add_folder(struct sum *sum, const char *path, int depth)
{
    g_autoptr(GDir) listing = depth < MOST_DEPTH ? g_dir_open(path, 0, NULL) : NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    if (!listing)
        return false;
    for (const char *name; (name = g_dir_read_name(listing));)
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name);
    bool added = true;
    for (guint i = 0; added && i < names->len; i++) {
        g_autofree char *entry = g_build_filename(path, names->pdata[i], NULL);
        added = add_entry(sum, entry, names->pdata[i], depth);
    }
    add_text(sum, "end");
    return added;
}

/* The grader takes both from the environment. */
static bool add_secret(struct sum *sum)
{
    const char *secret = g_getenv("GRADER_SECRET"), *year = g_getenv("GRADER_YEAR");
    add_text(sum, year ? year : "");
    add_text(sum, secret && *secret ? "own" : "public");
    return !secret || !*secret || add_file(sum, secret);
}

char *job_same_key(const struct student *student, const char *assignment, const char *kit, int year)
{
    struct sum sum = {.checksum = g_checksum_new(G_CHECKSUM_SHA256)};
    g_autofree char *submission = g_build_filename(student->folder, "submission", NULL),
                    *number = g_strdup_printf("%d", year);
    add_text(&sum, assignment);
    add_text(&sum, kit);
    add_text(&sum, number);
    const bool added = add_secret(&sum) && add_folder(&sum, submission, 0);
    char *key = added ? g_strdup(g_checksum_get_string(sum.checksum)) : NULL;
    g_checksum_free(sum.checksum);
    return key;
}

/* ---- the grade ------------------------------------------------------------------------------------ */

/* Commands in a report name the folder of a submission: ".../students/ID/submission". */
static char *in_the_name_of(const char *text, const char *from, const char *to)
{
    g_autofree char *before = g_strdup_printf("/students/%s/", from),
                    *behind = g_strdup_printf("/students/%s/", to);
    g_auto(GStrv) parts = g_strsplit(text, before, -1);
    return g_strjoinv(behind, parts);
}

static bool copy_file(const char *from, const char *to, const char *from_id, const char *to_id)
{
    g_autofree char *bytes = NULL, *changed = NULL;
    gsize length = 0;
    struct stat status;
    if (lstat(from, &status) != 0 || !S_ISREG(status.st_mode) ||
        !g_file_get_contents(from, &bytes, &length, NULL))
        return false;
    if (!memchr(bytes, '\0', length)) {
        changed = in_the_name_of(bytes, from_id, to_id);
        return g_file_set_contents(to, changed, -1, NULL);
    }
    return g_file_set_contents(to, bytes, (gssize)length, NULL);
}

static bool copy_grade(const char *from, const char *to, const char *from_id, const char *to_id)
{
    g_autoptr(GDir) listing = g_dir_open(from, 0, NULL);
    bool copied = listing != NULL;
    for (const char *name; copied && (name = g_dir_read_name(listing));) {
        g_autofree char *source = g_build_filename(from, name, NULL),
                        *target = g_build_filename(to, name, NULL);
        copied = strcmp(name, "run.json") == 0 || copy_file(source, target, from_id, to_id);
    }
    return copied;
}

static void remove_files(const char *folder)
{
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    for (const char *name; listing && (name = g_dir_read_name(listing));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
}

static void set_text(json_t *run, const char *key, const char *text)
{
    json_object_set_new(run, key, record_string(text));
}

/* run: the other's. */
static bool write_run(json_t *run, const char *owner, const struct student *student, int attempt,
                      double seconds, const char *folder)
{
    g_autofree char *now = class_now(), *path = g_build_filename(folder, "run.json", NULL),
                    *original = g_strdup(record_text(run, "same_as"));
    g_autoptr(GString) problems = g_string_new(NULL);
    set_text(run, "same_as", original ? original : owner);
    set_text(run, "handed_in", student->sha256);
    set_text(run, "began", now);
    set_text(run, "ended", now);
    json_object_set_new(run, "attempt", json_integer(attempt));
    json_object_set_new(run, "wall_seconds", json_real(seconds));
    json_object_set_new(run, "processor_seconds", json_real(seconds));
    return record_write(path, run, problems);
}

/* Has the job of this other one the key, and is it done? Its run.json, a new object; else NULL. Only that is read of
 * each student: there may be a thousand. */
static json_t *run_with(const char *folder, const char *key)
{
    g_autofree char *path = g_build_filename(folder, "run.json", NULL);
    g_autoptr(GString) problems = g_string_new(NULL);
    json_t *run = g_file_test(path, G_FILE_TEST_IS_REGULAR) ? record_read(path, problems) : NULL;
    if (run && (!record_is_true(run, "finished") || g_strcmp0(record_text(run, "key"), key) != 0))
        g_clear_pointer(&run, json_decref);
    return run;
}

/* Another grade may have been put in its place meanwhile. */
static bool is_still_that(const char *folder, const char *key, const json_t *run)
{
    json_t *now = run_with(folder, key);
    const bool still = now && json_equal(now, run);
    json_decref(now);
    return still;
}

static bool take_from(const char *owner_folder, const char *owner, const struct student *student,
                      const char *assignment, const char *key, int attempt, const char *folder)
{
    g_autofree char *grade = g_build_filename(owner_folder, assignment, NULL);
    const gint64 began = g_get_monotonic_time();
    json_t *run = run_with(grade, key);
    if (!run)
        return false;
    bool taken = copy_grade(grade, folder, owner, student->id);
    const double seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    taken = taken && is_still_that(grade, key, run) &&
            write_run(run, owner, student, attempt, seconds, folder);
    json_decref(run);
    if (!taken)
        remove_files(folder);
    return taken;
}

bool job_same_take(const char *out, const struct student *student, const char *assignment,
                   const char *key, int attempt, const char *folder)
{
    g_autofree char *students = g_build_filename(out, "students", NULL);
    g_autoptr(GDir) listing = g_dir_open(students, 0, NULL);
    bool taken = false;
    for (const char *name; listing && !taken && (name = g_dir_read_name(listing));) {
        g_autofree char *other = g_build_filename(students, name, NULL);
        taken = student_is_id(name) && strcmp(name, student->id) != 0 &&
                take_from(other, name, student, assignment, key, attempt, folder);
    }
    return taken;
}
