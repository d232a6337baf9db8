/* Members of groups; see members.h. */
#include "class/intake/members.h"

#include "class/intake/take.h"
#include "grader/text/text.h"

#include <string.h>

#define MOST_MEMBERS 20
#define MOST_BYTES   8192

static void note(struct student *student, char *sentence)
{
    g_ptr_array_add(student->notes, sentence);
}

static bool is_equal(const char *a, const char *b)
{
    return a && b && g_ascii_strcasecmp(a, b) == 0;
}

/* Is the member known by name alone, as files of groups often have it? */
static bool is_name(const struct member *member)
{
    return !*member->name || strcmp(member->id, member->name) == 0;
}

static bool has_name_of(const struct member *a, const struct member *b)
{
    g_autofree char *first = intake_people_essence(*a->name ? a->name : a->id);
    g_autofree char *second = intake_people_essence(*b->name ? b->name : b->id);
    return strcmp(first, second) == 0;
}

/* Is it the same person? Two people may have one name, so that names count only where there is nothing else. */
static bool is_same(const struct member *a, const struct member *b)
{
    return is_equal(a->id, b->id) || is_equal(a->email, b->email) ||
           ((is_name(a) || is_name(b)) && has_name_of(a, b));
}

static bool has_member(const struct student *student, const struct member *member)
{
    for (guint i = 0; i < student->members->len; i++)
        if (is_same(student->members->pdata[i], member))
            return true;
    return false;
}

/* A person of the roster, by any of the words of a line: "id", "name", "name <email>", "id, name, email". */
static const struct intake_person *find(const struct intake_people *people, const char *line)
{
    const struct intake_person *person = intake_people_find(people, line);
    g_auto(GStrv) words = g_strsplit_set(line, ",;<>\t()", -1);
    for (guint i = 0; !person && words[i]; i++)
        if (*g_strstrip(words[i]))
            person = intake_people_find(people, words[i]);
    return person;
}

static struct member *member_of(const char *line)
{
    g_auto(GStrv) words = g_strsplit_set(line, ",;<>\t()", -1);
    const char *id = NULL, *name = NULL, *email = NULL;
    for (guint i = 0; words[i]; i++) {
        const char *word = g_strstrip(words[i]);
        if (!*word)
            continue;
        if (strchr(word, '@'))
            email = word;
        else if (!id)
            id = word;
        else if (!name)
            name = word;
    }
    if (!id)
        id = email;
    return id ? intake_member_new(id, name ? name : id, email) : NULL;
}

static void add_line(struct student *student, const struct intake_people *people, const char *text,
                     GHashTable *named)
{
    g_autofree char *line = text_clean_name(text);
    g_strstrip(line);
    if (!*line || line[0] == '#')
        return;
    const struct intake_person *person = find(people, line);
    struct member *member =
        person ? intake_member_new(person->id, person->name, person->email) : member_of(line);
    if (member && !person && people->persons->len > 0) {
        g_autoptr(GString) sentence = g_string_new(NULL);
        g_string_append_printf(sentence, "%s names \"%s\", who is not on the roster",
                               INTAKE_MEMBERS, line);
        intake_people_append_meant(people, sentence, line);
        note(student, g_strdup_printf("%s.", sentence->str));
        g_clear_pointer(&member->id, g_free);
    }
    if (member && member->id && !has_member(student, member)) {
        g_ptr_array_add(student->members, member);
        g_hash_table_add(named, member);
        return;
    }
    if (member) {
        g_free(member->id);
        g_free(member->name);
        g_free(member->email);
        g_free(member);
    }
}

void intake_members_add(struct student *student, const struct intake_people *people,
                        const struct intake_policy *policy, GHashTable *named)
{
    g_autofree char *path = g_build_filename(student->folder, "submission", INTAKE_MEMBERS, NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    if (!student->refused && g_file_get_contents(path, &text, &length, NULL)) {
        g_autofree char *valid = g_utf8_make_valid(text, (gssize)MIN(length, MOST_BYTES));
        const char *begin = g_str_has_prefix(valid, "\xef\xbb\xbf") ? valid + 3 : valid;
        g_auto(GStrv) lines = g_strsplit_set(begin, "\r\n", -1);
        for (guint i = 0; lines[i] && student->members->len < MOST_MEMBERS; i++)
            add_line(student, people, lines[i], named);
    }
    if (policy->group_size > 0 && student->members->len > (guint)policy->group_size)
        note(student, g_strdup_printf("The group has %u members, and the course allows %d.",
                                      student->members->len, policy->group_size));
}

/* ---- nobody counts twice ------------------------------------------------------------------------ */

struct settling {
    GHashTable *named;  /* members that somebody else named */
    GHashTable *losers; /* students who lost their only member */
};

/* Does the first one's work count, of two with a common member? */
static bool counts(const struct settling *settling, const struct student *a, guint i,
                   const struct student *b, guint k)
{
    const bool a_named = g_hash_table_contains(settling->named, a->members->pdata[i]);
    const bool b_named = g_hash_table_contains(settling->named, b->members->pdata[k]);
    if (!a->refused != !b->refused)
        return !a->refused;
    if (!a->sha256 != !b->sha256)
        return a->sha256 != NULL;
    if (a_named != b_named)
        return b_named;
    const int order = g_strcmp0(a->handed_in_at, b->handed_in_at);
    if (order != 0)
        return order > 0;
    return a->members->len != b->members->len ? a->members->len > b->members->len
                                              : strcmp(a->id, b->id) < 0;
}

static void lose(const struct settling *settling, struct student *loser, guint k,
                 struct student *winner)
{
    const struct member *member = loser->members->pdata[k];
    const char *who = *member->name ? member->name : member->id;
    if (loser->sha256) {
        note(loser, g_strdup_printf("For %s, what %s handed in counts instead.", who, winner->id));
        note(winner,
             g_strdup_printf("For %s, this counts, and not what %s handed in.", who, loser->id));
    }
    if (loser->members->len > 1) {
        g_ptr_array_remove_index(loser->members, k);
        return;
    }
    g_free(loser->refused);
    loser->refused = g_strdup_printf("what %s handed in counts for %s instead", winner->id, who);
    g_hash_table_add(settling->losers, loser);
}

/* Two who handed in under names that look alike (Müller and Muller, Ann and ann) are two people: only where somebody was named
 * by another do names count, and capitals don't. */
static bool is_common(const struct settling *settling, const struct member *a,
                      const struct member *b)
{
    if (g_hash_table_contains(settling->named, a) || g_hash_table_contains(settling->named, b))
        return is_same(a, b);
    return strcmp(a->id, b->id) == 0 || is_equal(a->email, b->email);
}

/* Takes one common member from one of the two. False: there is none. */
static bool settle_one(const struct settling *settling, struct student *a, struct student *b)
{
    if (a == b || g_hash_table_contains(settling->losers, a) ||
        g_hash_table_contains(settling->losers, b))
        return false;
    for (guint i = 0; i < a->members->len; i++)
        for (guint k = 0; k < b->members->len; k++) {
            if (!is_common(settling, a->members->pdata[i], b->members->pdata[k]))
                continue;
            if (counts(settling, a, i, b, k))
                lose(settling, b, k, a);
            else
                lose(settling, a, i, b);
            return true;
        }
    return false;
}

static void free_list(gpointer list)
{
    g_ptr_array_unref(list);
}

/* Takes over the key. */
static void put(GHashTable *by_key, char *key, struct student *student)
{
    GPtrArray *list = g_hash_table_lookup(by_key, key);
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(by_key, key, list);
    } else {
        g_free(key);
    }
    g_ptr_array_add(list, student);
}

static void put_member(GHashTable *by_key, const struct member *member, struct student *student)
{
    put(by_key, g_strconcat("id ", member->id, NULL), student);
    if (member->email)
        put(by_key, g_strconcat("email ", member->email, NULL), student);
    g_autofree char *essence = intake_people_essence(*member->name ? member->name : member->id);
    put(by_key, g_strconcat("name ", essence, NULL), student);
}

void intake_members_settle(GPtrArray *students, GHashTable *named)
{
    g_autoptr(GHashTable) by_key =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_list);
    g_autoptr(GHashTable) losers = g_hash_table_new(NULL, NULL);
    const struct settling settling = {named, losers};
    for (guint i = 0; i < students->len; i++) {
        struct student *student = students->pdata[i];
        for (guint k = 0; k < student->members->len; k++)
            put_member(by_key, student->members->pdata[k], student);
    }
    /* Only those who share something are compared, in an order that is always the same. */
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(by_key), (GCompareFunc)strcmp);
    for (const GList *at = keys; at; at = at->next) {
        const GPtrArray *list = g_hash_table_lookup(by_key, at->data);
        for (guint a = 0; a < list->len; a++)
            for (guint b = a + 1; b < list->len; b++)
                while (settle_one(&settling, list->pdata[a], list->pdata[b]))
                    continue;
    }
}
