/* Rosters; see roster.h. */
#include "class/exports/roster.h"

#include "class/students/cells.h"

#include <string.h>

/* Small letters, single blanks; "Last, First" as "first last". A new string. */
static char *key_of(const char *text)
{
    g_autofree char *small = g_utf8_casefold(text, -1);
    g_autofree char *normal = g_utf8_normalize(small, -1, G_NORMALIZE_NFKC);
    g_auto(GStrv) parts = g_strsplit(normal ? normal : small, ", ", 2);
    g_autofree char *turned = parts[0] && parts[1] ? g_strconcat(parts[1], " ", parts[0], NULL)
                                                   : g_strdup(normal ? normal : small);
    g_auto(GStrv) words = g_strsplit_set(turned, " \t\n", -1);
    GString *key = g_string_new(NULL);
    for (char **word = words; *word; word++)
        if (**word)
            g_string_append_printf(key, "%s%s", key->len > 0 ? " " : "", *word);
    return g_string_free(key, FALSE);
}

/* What two share identifies neither. */
static void add_key(GHashTable *by_key, const char *text, struct gathered_grade *grade)
{
    char *key = text ? key_of(text) : NULL;
    gpointer before;
    if (!key || !*key) {
        g_free(key);
        return;
    }
    const bool known = g_hash_table_lookup_extended(by_key, key, NULL, &before);
    g_hash_table_insert(by_key, key, known && before != grade ? NULL : grade);
}

static void add_members(struct exports_roster *roster, struct gathered_grade *grade)
{
    const struct student *student = grade->student;
    for (guint i = 0; i < student->members->len; i++) {
        const struct member *member = student->members->pdata[i];
        add_key(roster->by_key, member->id, grade);
        add_key(roster->by_key, member->email, grade);
        add_key(roster->by_key, member->name, grade);
    }
}

struct exports_roster *exports_roster_read(struct exports *exports)
{
    GPtrArray *rows = cells_read(exports->roster, exports->problems);
    if (!rows)
        return NULL;
    if (rows->len == 0) {
        g_string_append_printf(exports->problems, "%s: has no rows\n", exports->roster);
        g_ptr_array_unref(rows);
        return NULL;
    }
    struct exports_roster *roster = g_new0(struct exports_roster, 1);
    roster->rows = rows;
    roster->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    roster->found = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < exports_students(exports); i++)
        add_members(roster, exports_grade(exports, i));
    return roster;
}

void exports_roster_free(struct exports_roster *roster)
{
    if (!roster)
        return;
    g_ptr_array_unref(roster->rows);
    g_hash_table_unref(roster->by_key);
    g_hash_table_unref(roster->found);
    g_free(roster);
}

static struct gathered_grade *find_by(struct exports_roster *roster, const GPtrArray *row,
                                      int column)
{
    g_autofree char *key = key_of(cells_at(row, column));
    return *key ? g_hash_table_lookup(roster->by_key, key) : NULL;
}

struct gathered_grade *exports_roster_find(struct exports_roster *roster, const GPtrArray *row,
                                           const int *columns, guint count, int number, int name)
{
    struct gathered_grade *grade = NULL;
    bool says_who = false;
    for (guint i = 0; i < count; i++) {
        struct gathered_grade *other = columns[i] >= 0 ? find_by(roster, row, columns[i]) : NULL;
        says_who |= *cells_at(row, columns[i]) != '\0';
        if (grade && other && grade != other)
            return NULL;
        grade = grade ? grade : other;
    }
    if (!grade && name >= 0)
        grade = find_by(roster, row, name);
    if (!grade && !says_who && number >= 0)
        grade = find_by(roster, row, number);
    if (grade)
        g_hash_table_add(roster->found, grade);
    return grade;
}

void exports_roster_complain(struct exports *exports, const struct exports_roster *roster)
{
    for (guint i = 0; i < exports_students(exports); i++) {
        struct gathered_grade *grade = exports_grade(exports, i);
        if (grade->points.is_graded && !g_hash_table_contains(roster->found, grade))
            g_string_append_printf(exports->problems,
                                   "%s has no row in %s: %.2f points go nowhere\n",
                                   grade->student->id, exports->roster, grade->points.final);
    }
}
