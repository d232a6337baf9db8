/* IDs; see ids.h. */
#include "class/intake/ids.h"

#include "class/intake/layout.h"
#include "class/students/records.h"
#include "class/students/student.h"

#include <string.h>

#define FILE_NAME "ids.json"

json_t *intake_ids_read(const char *out, GString *error)
{
    g_autofree char *path = g_build_filename(out, FILE_NAME, NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return json_object();
    json_t *ids = record_read(path, error);
    const char *key;
    json_t *id;
    bool good = ids != NULL;
    json_object_foreach(ids, key, id) good =
        good && json_is_string(id) && student_is_id(json_string_value(id));
    if (good)
        return ids;
    if (ids)
        g_string_append_printf(error, "%s: not as make class writes it\n", path);
    json_decref(ids);
    return NULL;
}

static bool is_taken(const json_t *ids, const char *wanted)
{
    const char *key;
    json_t *id;
    json_object_foreach((json_t *)ids, key,
                        id) if (g_ascii_strcasecmp(json_string_value(id), wanted) == 0) return true;
    return false;
}

const char *intake_ids_give(json_t *ids, const char *key, const char *wanted)
{
    /* Keys may hold bytes that are no text, and signs that JSON writes in other ways. */
    g_autofree char *name = g_uri_escape_string(key, " @:+,", TRUE);
    const char *before = record_text(ids, name);
    if (before)
        return before;
    g_autofree char *folded = intake_fold(wanted);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
    g_autofree char *id = g_strdup(folded);
    for (int letters = 4; is_taken(ids, id) && letters <= 60; letters += 2) {
        g_free(id);
        id = g_strdup_printf("%.*s-%.*s", 62 - letters > 56 ? 56 : 62 - letters, folded, letters,
                             sum);
    }
    json_object_set_new(ids, name, json_string(id));
    return record_text(ids, name);
}

bool intake_ids_write(const json_t *ids, const char *out, GString *error)
{
    g_autofree char *path = g_build_filename(out, FILE_NAME, NULL);
    return record_write(path, ids, error);
}
