/* Arguments in which something varies: where, and between what; see rubric_forms.h. */
#include "grader/rubric/rubric_forms.h"

#include "grader/rubric/rubric_cases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void clear_part(void *pointer)
{
    struct form_part *part = pointer;
    g_free(part->name);
    g_ptr_array_unref(part->alternatives);
}

/* A whole number without a sign; *end is behind it. False: there is none. */
static bool read_number(const char *text, const char **end, long *number)
{
    char *behind;
    errno = 0;
    *number = g_ascii_isdigit(*text) ? strtol(text, &behind, 10) : -1;
    if (*number < 0 || errno != 0 || *number > 1000000)
        return false;
    *end = behind;
    return true;
}

/* Adds what is not there yet. */
static void add(struct form_part *part, const char *text)
{
    if (!g_ptr_array_find_with_equal_func(part->alternatives, text, g_str_equal, NULL))
        g_ptr_array_add(part->alternatives, g_strdup(text));
}

/* "8..20 by 4", or "8..20". Adds its numbers; false, and an error, if it is none of a right kind. */
static bool add_range(struct form_part *part, const char *text, GString *error)
{
    const char *at = text;
    long first, last, step = 1;
    bool good = read_number(at, &at, &first) && g_str_has_prefix(at, "..") &&
                read_number(at + 2, &at, &last);
    if (good && g_str_has_prefix(at, " by "))
        good = read_number(at + 4, &at, &step);
    if (!good || *at != '\0' || step < 1 || last <= first) {
        g_string_append_printf(
            error, "\"%s\" is no range: write \"8..20\", or \"8..20 by 4\", from the least up",
            text);
        return false;
    }
    for (long number = first; number <= last && part->alternatives->len <= RUBRIC_MOST_ALTERNATIVES;
         number += step) {
        g_autofree char *word = g_strdup_printf("%ld", number);
        add(part, word);
    }
    return true;
}

/* "12|8..20 by 4" */
static bool read_alternatives(struct form_part *part, const char *text, GString *error)
{
    g_auto(GStrv) words = g_strsplit(text, "|", -1);
    for (char **word = words; *word; word++) {
        const guint before = part->alternatives->len;
        if (**word == '\0' || g_ascii_isspace(**word) || g_str_has_suffix(*word, " ")) {
            g_string_append_printf(error, "{%s}: an alternative is empty, or has blanks around it",
                                   text);
            return false;
        }
        if (g_ascii_isdigit(**word) && strstr(*word, "..")) {
            if (!add_range(part, *word, error))
                return false;
        } else {
            add(part, *word);
            if (part->alternatives->len == before) {
                g_string_append_printf(error, "{%s}: \"%s\" stands there twice", text, *word);
                return false;
            }
        }
    }
    if (part->alternatives->len < 2 || part->alternatives->len > RUBRIC_MOST_ALTERNATIVES) {
        g_string_append_printf(error, "{%s} has to have 2 … %d alternatives", text,
                               RUBRIC_MOST_ALTERNATIVES);
        return false;
    }
    return true;
}

/* "sizes: 12|15": the name is taken off. */
static const char *read_name(struct form_part *part, const char *text)
{
    const gsize length = strspn(text, G_CSET_a_2_z G_CSET_DIGITS "_");
    if (length == 0 || !g_ascii_islower(*text) || strncmp(text + length, ": ", 2) != 0)
        return text;
    part->name = g_strndup(text, length);
    return text + length + 2;
}

GArray *rubric_form_parts(const char *text, GString *error)
{
    GArray *parts = g_array_new(FALSE, TRUE, sizeof(struct form_part));
    g_array_set_clear_func(parts, clear_part);
    for (const char *at = text + strcspn(text, "{}"); *at; at += strcspn(at, "{}")) {
        const gsize inside = *at == '{' ? strcspn(at + 1, "{}") : 0;
        if (*at != '{' || at[1 + inside] != '}') {
            g_string_append_printf(error, "a %s is missing: \"%s\"", *at == '{' ? "}" : "{", text);
            g_array_unref(parts);
            return NULL;
        }
        struct form_part part = {.begin = (gsize)(at - text),
                                 .end = (gsize)(at - text) + inside + 2,
                                 .alternatives = g_ptr_array_new_with_free_func(g_free)};
        g_autofree char *whole = g_strndup(at + 1, inside);
        const char *words = read_name(&part, whole);
        g_array_append_val(parts, part);
        if (!read_alternatives(&g_array_index(parts, struct form_part, parts->len - 1), words,
                               error)) {
            g_array_unref(parts);
            return NULL;
        }
        at += inside + 2;
    }
    return parts;
}
