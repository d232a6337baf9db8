/* What lies in a folder of submissions; see handed.h. */
#include "class/intake/handed.h"

#include "class/intake/gradescope.h"
#include "class/intake/times.h"
#include "grader/text/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* ---- entries --------------------------------------------------------------------------------- */

static void add_part(struct intake_reading *reading, struct intake_handed *handed,
                     struct intake_attempt *attempt)
{
    GPtrArray *parts = g_hash_table_lookup(reading->parts, handed);
    if (!parts) {
        parts = g_ptr_array_new_with_free_func(intake_attempt_free);
        g_hash_table_insert(reading->parts, handed, parts);
    }
    g_ptr_array_add(parts, attempt);
}

static void add_attempts(struct intake_reading *reading, struct intake_handed *handed,
                         GPtrArray *attempts)
{
    for (guint i = 0; i < attempts->len; i++) {
        intake_attempt_set_time(attempts->pdata[i], handed, reading->times, NULL,
                                reading->policy->zone, reading->remarks);
        g_ptr_array_add(handed->attempts, attempts->pdata[i]);
    }
    g_ptr_array_set_free_func(attempts, NULL);
    g_ptr_array_unref(attempts);
}

static void add_entry(struct intake_reading *reading, const char *name)
{
    g_autofree char *path = g_build_filename(reading->folder, name, NULL);
    g_autofree char *shown = g_strconcat(reading->below, name, NULL);
    struct stat status;
    if (lstat(path, &status) != 0)
        return;
    const bool is_folder = S_ISDIR(status.st_mode);
    const struct intake_metadata *metadata =
        reading->metadata ? g_hash_table_lookup(reading->metadata, name) : NULL;
    struct intake_label *label = intake_label_of(name, is_folder, reading->prefix);
    struct intake_handed *handed = metadata && metadata->members->len > 0
                                       ? intake_handed_of_metadata(reading, metadata)
                                       : intake_handed_of_label(reading, label);
    struct intake_attempt *attempt =
        intake_attempt_new(path, shown, label->file ? label->file : name);
    GPtrArray *inside = is_folder ? intake_attempts_in(path, shown) : NULL;
    attempt->number = label->try_number;
    attempt->is_odd = !is_folder && !S_ISREG(status.st_mode);
    if (label->late)
        g_ptr_array_add(handed->notes, g_strdup("The course's system marks it as late."));
    if (label->unused) {
        g_ptr_array_add(handed->notes,
                        g_strdup("Text was typed into the form, which is not looked at."));
        intake_attempt_free(attempt);
    } else if (inside) {
        add_attempts(reading, handed, inside);
        intake_attempt_free(attempt);
    } else if (label->part && !is_folder) {
        add_part(reading, handed, attempt);
    } else {
        intake_attempt_set_time(attempt, handed, reading->times,
                                metadata ? metadata->created_at : label->time,
                                reading->policy->zone, reading->remarks);
        if (metadata && metadata->created_at)
            attempt->time_from = "submission_metadata.yml";
        g_ptr_array_add(handed->attempts, attempt);
    }
    intake_label_free(label);
}

static void add_parts(gpointer key, gpointer value, gpointer context)
{
    struct intake_reading *reading = context;
    struct intake_handed *handed = key;
    const guint from = handed->attempts->len;
    intake_attempts_of_parts(value, handed->attempts);
    for (guint i = from; i < handed->attempts->len; i++)
        intake_attempt_set_time(handed->attempts->pdata[i], handed, reading->times, NULL,
                                reading->policy->zone, reading->remarks);
}

/* ---- the folder ------------------------------------------------------------------------------ */

/* Exports come as one folder in which all others are. */
static char *step_down(const char *folder, const GPtrArray *names)
{
    if (names->len != 1)
        return NULL;
    g_autofree char *valid = g_utf8_make_valid(names->pdata[0], -1);
    g_autofree char *inner = g_build_filename(folder, names->pdata[0], NULL);
    const bool is_export =
        g_regex_match_simple("^assignment_\\d+_export$|-submissions$", valid, 0, 0);
    return is_export && g_file_test(inner, G_FILE_TEST_IS_DIR) &&
                   !g_file_test(inner, G_FILE_TEST_IS_SYMLINK)
               ? g_steal_pointer(&inner)
               : NULL;
}

/* What the names of all repositories begin with, up to a stroke; NULL: there are none. */
static char *prefix_of(const char *folder, const GPtrArray *names, const GPtrArray *assignments)
{
    g_autofree char *common = NULL;
    int count = 0;
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *git = g_build_filename(folder, name, ".git", NULL);
        if (!g_file_test(git, G_FILE_TEST_EXISTS))
            continue;
        if (!common)
            common = g_strdup(name);
        size_t same = 0;
        while (common[same] && common[same] == name[same])
            same++;
        common[same] = '\0';
        count++;
    }
    for (guint i = 0; count == 1 && i < assignments->len; i++) {
        g_autofree char *begin = g_strconcat(assignments->pdata[i], "-", NULL);
        if (g_str_has_prefix(common, begin))
            return g_steal_pointer(&begin);
    }
    char *stroke = count > 1 ? strrchr(common, '-') : NULL;
    return stroke ? g_strndup(common, (gsize)(stroke + 1 - common)) : NULL;
}

static int by_key(gconstpointer a, gconstpointer b)
{
    const struct intake_handed *const *first = a, *const *second = b;
    return strcmp((*first)->key, (*second)->key);
}

static void read_entries(struct intake_reading *reading, const GPtrArray *names)
{
    for (guint i = 0; i < names->len; i++)
        add_entry(reading, names->pdata[i]);
    g_hash_table_foreach(reading->parts, add_parts, reading);
    for (guint i = 0; i < reading->people->persons->len; i++)
        intake_handed_of_person(reading, reading->people->persons->pdata[i]);
    g_ptr_array_sort(reading->all, by_key);
}

/* Somebody's work may be among what is hidden: whoever looks for it shall know. */
static void tell_hidden(const char *folder, GString *remarks)
{
    static const char *const usual[] = {".DS_Store", ".git", ".gitignore", ".directory", NULL};
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    for (const char *name; listing && (name = g_dir_read_name(listing));) {
        if (name[0] != '.' || g_str_has_prefix(name, "._") || g_strv_contains(usual, name))
            continue;
        g_autofree char *shown = text_clean_name(name);
        g_string_append_printf(remarks,
                               "%s is passed over, because its name begins with a dot, as hidden "
                               "files' do: if somebody handed it in, rename it\n",
                               shown);
    }
}

static void free_list(gpointer list)
{
    g_ptr_array_unref(list);
}

static bool read_tables(struct intake_reading *reading, const char *submissions, GString *error)
{
    const gsize before = error->len;
    g_autofree char *yaml = g_build_filename(reading->folder, "submission_metadata.yml", NULL);
    reading->times = intake_times_read(submissions, error);
    if (g_file_test(yaml, G_FILE_TEST_EXISTS))
        reading->metadata = intake_gradescope_read(yaml, error);
    return error->len == before;
}

GPtrArray *intake_handed_read(const char *submissions, const GPtrArray *assignments,
                              const struct intake_people *people,
                              const struct intake_policy *policy, GString *remarks, GString *error)
{
    GPtrArray *names = intake_handed_list(submissions);
    if (!names) {
        g_string_append_printf(
            error,
            "%s can't be looked into: %s. SUBMISSIONS names a folder with one folder "
            "or archive per student\n",
            submissions, strerror(errno));
        return NULL;
    }
    g_autofree char *inner = step_down(submissions, names);
    g_autofree char *last = inner ? g_path_get_basename(inner) : NULL;
    GPtrArray *inside = inner ? intake_handed_list(inner) : g_ptr_array_ref(names);
    struct intake_reading reading = {.folder = inner ? inner : submissions,
                                     .below = last ? g_strconcat(last, "/", NULL) : g_strdup(""),
                                     .people = people,
                                     .policy = policy,
                                     .remarks = remarks,
                                     .by_key = g_hash_table_new(g_str_hash, g_str_equal),
                                     .parts = g_hash_table_new_full(NULL, NULL, NULL, free_list),
                                     .all = g_ptr_array_new_with_free_func(intake_handed_free)};
    const bool read = inside && read_tables(&reading, submissions, error);
    if (read) {
        reading.prefix = prefix_of(reading.folder, inside, assignments);
        read_entries(&reading, inside);
        tell_hidden(reading.folder, remarks);
    } else {
        if (!inside)
            g_string_append_printf(error, "%s can't be looked into: %s\n", inner, strerror(errno));
        g_ptr_array_unref(reading.all);
        reading.all = NULL;
    }
    g_clear_pointer(&reading.metadata, g_hash_table_unref);
    g_clear_pointer(&reading.times, g_ptr_array_unref);
    g_hash_table_unref(reading.parts);
    g_hash_table_unref(reading.by_key);
    g_free(reading.prefix);
    g_free(reading.below);
    g_clear_pointer(&inside, g_ptr_array_unref);
    g_ptr_array_unref(names);
    return reading.all;
}
