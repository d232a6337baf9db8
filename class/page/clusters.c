/* Clusters of failures; see clusters.h. */
#include "class/page/clusters.h"

#include "class/page/signature.h"
#include "class/students/records.h"
#include "grader/text/text.h"

#include <string.h>
#include <sys/stat.h>

static void free_cluster(gpointer pointer)
{
    struct cluster *cluster = pointer;
    g_free(cluster->signature);
    g_free(cluster->file);
    g_ptr_array_unref(cluster->grades);
    g_hash_table_unref(cluster->explains);
    g_free(cluster);
}

/* ---- who wrote least ------------------------------------------------------------------------------------- */

/* A plain file, no link: what it leads to is not the student's. */
static bool is_plain(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           status.st_size <= TEXT_MOST_BYTES;
}

char *clusters_file(const struct student *student, const char *assignment, const char *file)
{
    g_autofree char *folder = g_build_filename(student->folder, "submission", NULL);
    char *path = strchr(file, '/') ? g_build_filename(folder, file, NULL)
                                   : g_build_filename(folder, assignment, file, NULL);
    if (is_plain(path))
        return path;
    g_free(path);
    path = g_build_filename(folder, file, NULL);
    if (is_plain(path))
        return path;
    g_free(path);
    return NULL;
}

static guint lines_of(const char *path)
{
    g_autofree char *text = NULL;
    gsize length = 0;
    guint lines = 0;
    if (!g_file_get_contents(path, &text, &length, NULL))
        return 0;
    for (gsize i = 0; i < length; i++)
        lines += text[i] == '\n' || i + 1 == length;
    return lines;
}

/* The files that a check is about, of record.json. */
static const json_t *files_of(const struct graded *graded, const char *check)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(graded->record, "checks"), i, one)
    {
        if (g_strcmp0(record_text(one, "name"), check) == 0)
            return json_object_get(one, "files");
    }
    return NULL;
}

/* *first: a path, a new string. 0: not all of the files are there. */
static guint lines_in(const struct gathered_grade *grade, const char *check, char **first)
{
    const json_t *files = files_of(grade->graded, check);
    guint lines = 0;
    size_t i;
    json_t *one;
    json_array_foreach(files, i, one)
    {
        const char *name = json_string_value(one);
        char *path = name ? clusters_file(grade->student, grade->graded->assignment, name) : NULL;
        if (!path)
            return 0;
        lines += lines_of(path);
        if (*first)
            g_free(path);
        else
            *first = path;
    }
    return lines;
}

static void find_shortest(struct cluster *cluster)
{
    for (guint i = 0; i < cluster->grades->len; i++) {
        const struct gathered_grade *grade = cluster->grades->pdata[i];
        char *first = NULL;
        const guint lines = lines_in(grade, cluster->check, &first);
        if (lines == 0 || (cluster->lines > 0 && lines >= cluster->lines)) {
            g_free(first);
            continue;
        }
        g_free(cluster->file);
        cluster->file = first;
        cluster->lines = lines;
        cluster->shortest = grade;
    }
}

/* What was seen in the shortest example, and not in anybody's. */
static void tell_of_shortest(struct cluster *cluster)
{
    size_t i;
    json_t *cause;
    json_array_foreach(json_object_get(cluster->shortest->graded->record, "causes"), i, cause)
    {
        const char *seen = record_text(cause, "seen");
        g_autofree char *signature = seen ? signature_of(seen) : NULL;
        if (g_strcmp0(signature, cluster->signature) == 0 &&
            g_strcmp0(record_text(cause, "check"), cluster->check) == 0)
            cluster->seen = seen;
    }
}

/* ---- who has the same --------------------------------------------------------------------------------------- */

static struct cluster *cluster_for(GHashTable *table, GPtrArray *clusters, const char *check,
                                   const char *seen, const struct gathered_grade *grade)
{
    g_autofree char *signature = signature_of(seen);
    char *key = g_strconcat(check, "\n", signature, NULL);
    struct cluster *cluster = g_hash_table_lookup(table, key);
    if (cluster) {
        g_free(key);
        return cluster;
    }
    cluster = g_new0(struct cluster, 1);
    cluster->check = check;
    cluster->seen = seen;
    cluster->shortest = grade;
    cluster->signature = g_steal_pointer(&signature);
    cluster->grades = g_ptr_array_new();
    cluster->explains = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(table, key, cluster);
    g_ptr_array_add(clusters, cluster);
    return cluster;
}

static void add_cause(GHashTable *table, GPtrArray *clusters, const json_t *cause,
                      struct gathered_grade *grade)
{
    const char *check = record_text(cause, "check"), *seen = record_text(cause, "seen");
    size_t i;
    json_t *one;
    if (!check || !seen || record_text(cause, "mistake"))
        return;
    struct cluster *cluster = cluster_for(table, clusters, check, seen, grade);
    const GPtrArray *grades = cluster->grades;
    if (grades->len == 0 || grades->pdata[grades->len - 1] != grade)
        g_ptr_array_add(cluster->grades, grade);
    cluster->points += record_number(cause, "points", 0);
    json_array_foreach(json_object_get(cause, "explains"), i, one)
    {
        char *name = (char *)json_string_value(one);
        const guint before =
            name ? GPOINTER_TO_UINT(g_hash_table_lookup(cluster->explains, name)) : 0;
        if (name)
            g_hash_table_insert(cluster->explains, name, GUINT_TO_POINTER(before + 1));
    }
}

/* Most students first, then what costs most; else by name, so that a page made again is the same. */
static int by_size(gconstpointer a, gconstpointer b)
{
    const struct cluster *one = *(struct cluster *const *)a, *other = *(struct cluster *const *)b;
    if (one->grades->len != other->grades->len)
        return one->grades->len > other->grades->len ? -1 : 1;
    if (one->points < other->points || one->points > other->points)
        return one->points > other->points ? -1 : 1;
    const int order = strcmp(one->check, other->check);
    return order != 0 ? order : strcmp(one->signature, other->signature);
}

GPtrArray *clusters_unexplained(const struct gathered *gathered, guint assignment)
{
    g_autoptr(GHashTable) table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *clusters = g_ptr_array_new_with_free_func(free_cluster);
    for (guint i = 0; i < gathered->students->len; i++) {
        struct gathered_grade *grade = GATHERED_GRADE(gathered, assignment, i);
        size_t k;
        json_t *cause;
        if (!grade->graded || !grade->graded->has_record)
            continue;
        json_array_foreach(json_object_get(grade->graded->record, "causes"), k, cause)
            add_cause(table, clusters, cause, grade);
    }
    for (guint i = 0; i < clusters->len; i++) {
        find_shortest(clusters->pdata[i]);
        tell_of_shortest(clusters->pdata[i]);
    }
    g_ptr_array_sort(clusters, by_size);
    return clusters;
}
