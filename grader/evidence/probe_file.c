/* What a probe wrote; see probe_file.h. */
#include "grader/evidence/probe_file.h"

#include "common/base/unreadable.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* Parsed, a file takes many times its size. */
#define LARGEST_FILE (4 << 20)

static json_t *load(const char *path, json_error_t *error)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        unreadable_note(path, errno);
        *error = (json_error_t){.line = -1};
        g_snprintf(error->text, sizeof error->text, "unable to open %s: %s", path,
                   g_strerror(errno));
        return NULL;
    }
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, error);
    if (ferror(file))
        unreadable_note(path, errno);
    fclose(file); /* only read from: nothing can be lost */
    return root;
}

json_t *probe_file_read(const struct outcome *run, const char *name, size_t entries,
                        struct verdict *verdict)
{
    json_error_t error;
    g_autofree char *path = g_strdup_printf("%s/%s", run->folder, name);
    struct stat status;
    bool too_large = stat(path, &status) == 0 && status.st_size > LARGEST_FILE;
    json_t *root = too_large ? NULL : load(path, &error);
    if (too_large)
        evidence_fail(verdict, "the probe left no usable %s: it is larger than %d MiB", name,
                      LARGEST_FILE >> 20);
    else if (!root)
        evidence_fail(verdict, "the probe left no usable %s: %s (line %d)", name, error.text,
                      error.line);
    else if (!json_is_array(root) || json_array_size(root) < entries)
        evidence_fail(verdict, "%s is not an array of at least %zu results", name, entries);
    else
        return root;
    json_decref(root);
    return NULL;
}

bool probe_file_results(const json_t *root, const char *name, probe_file_entry *read,
                        GArray *results, struct verdict *verdict)
{
    const guint size = g_array_get_element_size(results);
    const json_t *entry;
    size_t i;
    json_array_foreach(root, i, entry)
    {
        g_array_set_size(results, results->len + 1);
        if (read(entry, results->data + (size_t)(results->len - 1) * size))
            continue;
        evidence_fail(verdict, "result %zu of %s is not usable", i, name);
        return false;
    }
    return root != NULL;
}

bool probe_file_int(const json_t *entry, const char *key, int *value)
{
    const json_t *found = json_object_get(entry, key);
    if (!json_is_integer(found) || json_integer_value(found) < INT_MIN ||
        json_integer_value(found) > INT_MAX)
        return false;
    *value = (int)json_integer_value(found);
    return true;
}

bool probe_file_bool(const json_t *entry, const char *key, bool *value)
{
    const json_t *found = json_object_get(entry, key);
    *value = json_is_true(found);
    return json_is_boolean(found);
}
