/* Whose it is; see handed.h. */
#include "class/intake/gradescope.h"
#include "class/intake/handed.h"
#include "grader/text/text.h"

#include <string.h>

struct member *intake_member_new(const char *id, const char *name, const char *email)
{
    struct member *member = g_new0(struct member, 1);
    member->id = text_clean_name(id);
    member->name = text_clean_name(name ? name : "");
    member->email = email && *email ? text_clean_name(email) : NULL;
    return member;
}

static void free_member(gpointer pointer)
{
    struct member *member = pointer;
    g_free(member->id);
    g_free(member->name);
    g_free(member->email);
    g_free(member);
}

void intake_handed_free(gpointer pointer)
{
    struct intake_handed *handed = pointer;
    g_free(handed->key);
    g_free(handed->name);
    g_free(handed->wanted);
    g_ptr_array_unref(handed->members);
    g_ptr_array_unref(handed->attempts);
    g_ptr_array_unref(handed->notes);
    g_free(handed);
}

/* Whoever has this key; new where there was nobody. *is_new: then the rest is to be filled in. */
static struct intake_handed *with_key(struct intake_reading *reading, char *key, bool *is_new)
{
    struct intake_handed *handed = g_hash_table_lookup(reading->by_key, key);
    *is_new = handed == NULL;
    if (handed) {
        g_free(key);
        return handed;
    }
    handed = g_new0(struct intake_handed, 1);
    handed->key = key;
    handed->members = g_ptr_array_new_with_free_func(free_member);
    handed->attempts = g_ptr_array_new_with_free_func(intake_attempt_free);
    handed->notes = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(reading->all, handed);
    g_hash_table_insert(reading->by_key, handed->key, handed);
    return handed;
}

static void add_person(struct intake_handed *handed, const struct intake_person *person)
{
    g_ptr_array_add(handed->members, intake_member_new(person->id, person->name, person->email));
}

/* The one of the roster, with the group, if there is one. */
struct intake_handed *intake_handed_of_person(struct intake_reading *reading,
                                              const struct intake_person *person)
{
    bool is_new;
    const bool is_group = person->group != NULL;
    struct intake_handed *handed = with_key(reading,
                                            is_group ? g_strdup_printf("group:%s", person->group)
                                                     : g_strdup_printf("person:%s", person->id),
                                            &is_new);
    if (!is_new)
        return handed;
    handed->is_group = is_group;
    handed->is_known = true;
    handed->wanted = g_strdup(is_group ? person->group : person->id);
    handed->name = g_strdup(is_group ? person->group : *person->name ? person->name : person->id);
    if (!is_group)
        add_person(handed, person);
    for (guint i = 0; is_group && i < reading->people->persons->len; i++) {
        const struct intake_person *other = reading->people->persons->pdata[i];
        if (other->group && strcmp(other->group, person->group) == 0)
            add_person(handed, other);
    }
    return handed;
}

/* A group that is called so in the roster; NULL: none. */
static const struct intake_person *of_group(const struct intake_people *people, const char *called)
{
    g_autofree char *essence = intake_fold(called);
    for (guint i = 0; i < people->persons->len; i++) {
        const struct intake_person *person = people->persons->pdata[i];
        g_autofree char *group = person->group ? intake_fold(person->group) : NULL;
        if (group && g_ascii_strcasecmp(group, essence) == 0)
            return person;
    }
    return NULL;
}

static void tell_unknown(struct intake_handed *handed, const struct intake_people *people,
                         const char *called)
{
    g_autoptr(GString) note = g_string_new(NULL);
    g_string_append_printf(note, "\"%s\" is not on the roster", called);
    intake_people_append_meant(people, note, called);
    g_string_append_c(note, '.');
    g_ptr_array_add(handed->notes, g_strdup(note->str));
}

struct intake_handed *intake_handed_of_label(struct intake_reading *reading,
                                             const struct intake_label *label)
{
    const struct intake_person *person = intake_people_find(reading->people, label->id);
    if (!person)
        person = intake_people_find(reading->people, label->name);
    if (!person)
        person = of_group(reading->people, label->name);
    if (person)
        return intake_handed_of_person(reading, person);
    bool is_new;
    struct intake_handed *handed = with_key(reading, g_strdup(label->key), &is_new);
    if (!is_new)
        return handed;
    handed->wanted = g_strdup(label->wanted);
    handed->name = g_strdup(label->name);
    handed->is_known = reading->people->persons->len == 0;
    g_ptr_array_add(handed->members, intake_member_new(label->id, label->name, NULL));
    if (!handed->is_known)
        tell_unknown(handed, reading->people, label->name);
    return handed;
}

/* ---- Gradescope ------------------------------------------------------------------------------- */

static int by_member(gconstpointer a, gconstpointer b)
{
    const struct member *const *first = a, *const *second = b;
    return strcmp((*first)->id, (*second)->id);
}

struct intake_handed *intake_handed_of_metadata(struct intake_reading *reading,
                                                const struct intake_metadata *metadata)
{
    GString *key = g_string_new("submitters:"), *ids = g_string_new(NULL),
            *names = g_string_new(NULL);
    g_ptr_array_sort(metadata->members, by_member);
    for (guint i = 0; i < metadata->members->len; i++) {
        const struct member *member = metadata->members->pdata[i];
        const char *at = strchr(member->id, '@');
        g_string_append_printf(key, "%s\n", member->id);
        g_string_append_printf(ids, "%s%.*s", i > 0 ? "_" : "",
                               at ? (int)(at - member->id) : (int)strlen(member->id), member->id);
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               *member->name ? member->name : member->id);
    }
    bool is_new;
    struct intake_handed *handed = with_key(reading, g_string_free(key, FALSE), &is_new);
    if (is_new) {
        handed->is_known = true;
        handed->is_group = metadata->members->len > 1;
        handed->wanted = g_strdup(ids->str);
        handed->name = text_clean_name(names->str);
        for (guint i = 0; i < metadata->members->len; i++) {
            const struct member *member = metadata->members->pdata[i];
            g_ptr_array_add(handed->members,
                            intake_member_new(member->id, member->name, member->email));
            if (reading->people->persons->len > 0 &&
                !intake_people_find(reading->people, member->id))
                tell_unknown(handed, reading->people, member->id);
        }
    }
    g_string_free(ids, TRUE);
    g_string_free(names, TRUE);
    return handed;
}
