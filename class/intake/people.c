/* Who is in the course; see people.h. */
#include "class/intake/people.h"

#include "class/intake/layout.h"
#include "class/intake/times.h"
#include "class/students/cells.h"
#include "grader/text/nearest.h"
#include "grader/text/text.h"

#include <stdlib.h>
#include <string.h>

static void free_person(gpointer pointer)
{
    struct intake_person *person = pointer;
    g_free(person->id);
    g_free(person->name);
    g_free(person->email);
    g_free(person->group);
    g_free(person->essence);
    g_free(person->turned);
    g_free(person);
}

static void free_extension(gpointer pointer)
{
    struct intake_extension *extension = pointer;
    g_free(extension->id);
    g_free(extension->reason);
    g_free(extension);
}

/* Clean, without blanks around it; NULL if that leaves nothing. */
static char *cell_of(const GPtrArray *row, int column)
{
    const char *text = cells_at(row, column);
    char *clean = g_strstrip(text_clean_name(text));
    if (*clean)
        return clean;
    g_free(clean);
    return NULL;
}

/* ---- names ------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *intake_people_essence(const char *text)
{
    g_autofree char *folded = intake_fold(text);
    g_autofree char *lower = g_ascii_strdown(folded, -1);
    g_auto(GStrv) words = g_strsplit_set(lower, "._-", -1);
    qsort(words, g_strv_length(words), sizeof *words, by_text);
    return g_strjoinv(NULL, words);
}

/* Words run together, in the order in which they stand: what Canvas makes of "Müller, Ana", "mullerana". */
static char *run_together(const char *text)
{
    g_autofree char *folded = intake_fold(text);
    g_autofree char *lower = g_ascii_strdown(folded, -1);
    g_auto(GStrv) words = g_strsplit_set(lower, "._-", -1);
    return g_strjoinv(NULL, words);
}

/* Surname first, as Canvas puts names together. */
static char *surname_first(const char *name)
{
    const char *last = strrchr(name, ' ');
    if (!last || strchr(name, ','))
        return run_together(name);
    g_autofree char *rest = g_strndup(name, (gsize)(last - name));
    g_autofree char *turned = g_strconcat(last + 1, " ", rest, NULL);
    return run_together(turned);
}

/* ---- the roster ------------------------------------------------------------------------------ */

static void read_person(const char *path, const GPtrArray *header, const GPtrArray *row, guint i,
                        struct intake_people *people, GString *errors)
{
    struct intake_person *person = g_new0(struct intake_person, 1);
    char *name = cell_of(row, cells_column(header, "name"));
    person->id = cell_of(row, cells_column(header, "id"));
    person->name = name ? name : g_strdup("");
    person->email = cell_of(row, cells_column(header, "email"));
    person->group = cell_of(row, cells_column(header, "group"));
    person->essence = intake_people_essence(person->name);
    person->turned = surname_first(person->name);
    bool good = person->id != NULL;
    if (!good)
        g_string_append_printf(errors, "%s: row %u has no id\n", path, i + 1);
    for (guint k = 0; good && k < people->persons->len; k++) {
        const struct intake_person *other = people->persons->pdata[k];
        if (strcmp(other->id, person->id) != 0)
            continue;
        g_string_append_printf(errors, "%s: row %u: the id %s stands there twice\n", path, i + 1,
                               person->id);
        good = false;
    }
    if (good)
        g_ptr_array_add(people->persons, person);
    else
        free_person(person);
}

/* ---- extensions ------------------------------------------------------------------------------ */

static int number_of(const char *path, guint i, const char *heading, const char *text,
                     GString *errors)
{
    char *end;
    const long number = text ? strtol(text, &end, 10) : 0;
    if (!text || (*end == '\0' && end != text && number >= 0 && number <= 10000))
        return (int)number;
    g_string_append_printf(errors, "%s: row %u: %s = \"%s\" has to be a whole number of days\n",
                           path, i + 1, heading, text);
    return 0;
}

static void read_extension(const char *path, const GPtrArray *header, const GPtrArray *row, guint i,
                           GTimeZone *zone, struct intake_people *people, GString *errors)
{
    g_autofree char *days = cell_of(row, cells_column(header, "days"));
    g_autofree char *until = cell_of(row, cells_column(header, "until"));
    g_autofree char *used = cell_of(row, cells_column(header, "used"));
    struct intake_extension *extension = g_new0(struct intake_extension, 1);
    g_autoptr(GString) why = g_string_new(NULL);
    extension->id = cell_of(row, cells_column(header, "id"));
    extension->reason = cell_of(row, cells_column(header, "reason"));
    extension->days = number_of(path, i, "days", days, errors);
    extension->used_days = number_of(path, i, "used", used, errors);
    extension->row = (int)i + 1;
    if (until) {
        extension->has_until = intake_time_parse(until, zone, INTAKE_LAST, &extension->until, why);
        if (!extension->has_until)
            g_string_append_printf(errors, "%s: row %u: until = \"%s\": %s\n", path, i + 1, until,
                                   why->str);
    }
    if (!extension->id)
        g_string_append_printf(errors, "%s: row %u has no id\n", path, i + 1);
    if (extension->id)
        g_ptr_array_add(people->extensions, extension);
    else
        free_extension(extension);
}

/* ---- both ------------------------------------------------------------------------------------ */

static GPtrArray *read_table(const char *path, const char *const *needed, GString *errors)
{
    GPtrArray *rows = cells_read(path, errors);
    if (!rows)
        return NULL;
    if (rows->len == 0) {
        g_string_append_printf(errors, "%s: is empty; its first row names the columns\n", path);
        return rows;
    }
    for (int i = 0; needed[i]; i++)
        if (cells_column(rows->pdata[0], needed[i]) < 0)
            g_string_append_printf(errors, "%s: has no column \"%s\" in its first row\n", path,
                                   needed[i]);
    return rows;
}

struct intake_people *intake_people_read(const char *roster, const char *extensions,
                                         GTimeZone *zone, GString *errors)
{
    static const char *const needed[] = {"id", NULL};
    struct intake_people *people = g_new0(struct intake_people, 1);
    const gsize before = errors->len;
    people->persons = g_ptr_array_new_with_free_func(free_person);
    people->extensions = g_ptr_array_new_with_free_func(free_extension);
    GPtrArray *rows = roster ? read_table(roster, needed, errors) : NULL;
    for (guint i = 1; rows && errors->len == before && i < rows->len; i++)
        read_person(roster, rows->pdata[0], rows->pdata[i], i, people, errors);
    g_clear_pointer(&rows, g_ptr_array_unref);
    rows = extensions ? read_table(extensions, needed, errors) : NULL;
    for (guint i = 1; rows && i < rows->len; i++)
        read_extension(extensions, rows->pdata[0], rows->pdata[i], i, zone, people, errors);
    g_clear_pointer(&rows, g_ptr_array_unref);
    if (errors->len == before)
        return people;
    intake_people_free(people);
    return NULL;
}

void intake_people_free(struct intake_people *people)
{
    if (!people)
        return;
    g_ptr_array_unref(people->persons);
    g_ptr_array_unref(people->extensions);
    g_free(people);
}

static bool is_called_exactly(const struct intake_person *person, const char *called)
{
    const char *at = person->email ? strchr(person->email, '@') : NULL;
    const size_t local = at ? (size_t)(at - person->email) : 0;
    return g_ascii_strcasecmp(person->id, called) == 0 ||
           (person->email && g_ascii_strcasecmp(person->email, called) == 0) ||
           (local > 0 && strlen(called) == local &&
            g_ascii_strncasecmp(person->email, called, local) == 0);
}

const struct intake_person *intake_people_find(const struct intake_people *people,
                                               const char *called)
{
    const struct intake_person *found = NULL;
    for (guint i = 0; i < people->persons->len; i++)
        if (is_called_exactly(people->persons->pdata[i], called))
            return people->persons->pdata[i];
    g_autofree char *essence = intake_people_essence(called);
    g_autofree char *together = run_together(called);
    int count = 0;
    for (guint i = 0; i < people->persons->len; i++) {
        const struct intake_person *person = people->persons->pdata[i];
        if (*person->name &&
            (strcmp(person->essence, essence) == 0 || strcmp(person->turned, together) == 0)) {
            found = person;
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

void intake_people_append_meant(const struct intake_people *people, GString *to, const char *called)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < people->persons->len; i++) {
        const struct intake_person *person = people->persons->pdata[i];
        g_ptr_array_add(names, person->id);
        if (*person->name)
            g_ptr_array_add(names, person->name);
    }
    g_ptr_array_add(names, NULL);
    text_append_meant(to, called, (const char *const *)names->pdata);
}

struct intake_extension *intake_people_extension(const struct intake_people *people, const char *id)
{
    struct intake_extension *best = NULL;
    for (guint i = 0; i < people->extensions->len; i++) {
        struct intake_extension *extension = people->extensions->pdata[i];
        if (g_ascii_strcasecmp(extension->id, id) != 0)
            continue;
        extension->used = true;
        best = extension; /* the last row: what was granted later */
    }
    return best;
}
