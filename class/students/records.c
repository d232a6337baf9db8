/* JSON; see records.h. */
#include "class/students/records.h"

#include "grader/text/text.h"

#include <stdlib.h>
#include <string.h>

#define MOST_TEXT (256 << 10) /* bytes */

json_t *record_read(const char *path, GString *error)
{
    json_error_t why;
    g_autofree char *text = NULL;
    gsize length = 0;
    GError *problem = NULL;
    if (!g_file_get_contents(path, &text, &length, &problem)) {
        g_string_append_printf(error, "%s\n", problem->message);
        g_error_free(problem);
        return NULL;
    }
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &why);
    if (json_is_object(root))
        return root;
    g_string_append_printf(error, "%s:%d: %s\n", path, root ? 1 : why.line,
                           root ? "no JSON object" : why.text);
    json_decref(root);
    return NULL;
}

bool record_write_text(const char *path, const char *text, gssize length, GString *error)
{
    GError *problem = NULL;
    if (g_file_set_contents_full(path, text, length, G_FILE_SET_CONTENTS_CONSISTENT, 0644,
                                 &problem))
        return true;
    g_string_append_printf(error, "%s can't be written: %s\n", path, problem->message);
    g_error_free(problem);
    return false;
}

bool record_write(const char *path, const json_t *root, GString *error)
{
    char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
    if (!text) {
        g_string_append_printf(
            error, "%s: there is no memory, or no valid text, for what belongs there\n", path);
        return false;
    }
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    free(text);
    return record_write_text(path, line, -1, error);
}

const char *record_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

double record_number(const json_t *object, const char *key, double instead)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : instead;
}

bool record_is_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

void record_texts(const json_t *object, const char *key, GPtrArray *to)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(object, key), i, one)
    {
        if (json_is_string(one))
            g_ptr_array_add(to, g_strdup(json_string_value(one)));
    }
}

json_t *record_string(const char *text)
{
    if (!text)
        return json_null();
    g_autofree char *clean = text_clean(text, strlen(text), MOST_TEXT);
    return json_string(clean);
}
