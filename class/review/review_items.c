/* What a person judges; see review_items.h. */
#include "class/review/review_items.h"

#include "grader/rubric/rubric_values.h"

#include <math.h>
#include <string.h>

static void clear_item(void *pointer)
{
    struct review_part *item = pointer;
    g_free(item->name);
    g_free(item->title);
}

static void free_check(void *pointer)
{
    struct review_check *check = pointer;
    g_free(check->name);
    g_free(check->title);
    g_free(check->heading);
    g_array_unref(check->items);
    g_free(check);
}

static bool is_name(const char *text)
{
    return *text && strspn(text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_") == strlen(text);
}

/* ---- review.cfg -------------------------------------------------------------------------------------- */

struct reading {
    struct rubric_reader reader;
    struct review_questions *questions;
    struct review_check *check; /* whose items are read */
};

static void read_item(const struct rubric_reader *reader, config_setting_t *group, void *into)
{
    struct review_check *check = ((struct reading *)into)->check;
    struct review_part item = {.name = rubric_read_text(reader, group, "name", true),
                               .title = rubric_read_text(reader, group, "title", true),
                               .max_points = rubric_read_number(reader, group, "points")};
    if (!item.name || !item.title || !is_name(item.name) || review_check_find(check, item.name) ||
        item.max_points <= 0) {
        rubric_complain(
            reader, group,
            "an item has a name of its own of letters, digits and _, and points above 0");
        clear_item(&item);
        return;
    }
    g_array_append_val(check->items, item);
}

static void read_check(const struct rubric_reader *reader, config_setting_t *group, void *into)
{
    static const char *const keys[] = {"name", "title", "points", NULL};
    struct reading *reading = into;
    g_autofree char *name = rubric_read_text(reader, group, "check", true);
    reading->check =
        name ? (struct review_check *)review_questions_find(reading->questions, name) : NULL;
    if (!reading->check) {
        rubric_complain(reader, group, "no check of the rubric that a person judges has this name");
        return;
    }
    g_array_set_size(reading->check->items, 0);
    rubric_read_groups(reader, group, "items", true, keys, read_item, reading);
    double points = 0;
    for (guint i = 0; i < reading->check->items->len; i++)
        points += REVIEW_PARTS(reading->check, i)->max_points;
    if (fabs(points - reading->check->max_points) > REVIEW_STEP / 2)
        rubric_complain(reader, group, "the points of its items are %g, and the rubric gives %g",
                        points, reading->check->max_points);
}

static bool read_configuration(struct review_questions *questions, const char *path, GString *error)
{
    static const char *const top[] = {"checks", NULL}, *const keys[] = {"check", "items", NULL};
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    const gsize before = error->len;
    config_t config;
    config_init(&config);
    if (rubric_read_configuration(&config, path, error)) {
        struct reading reading = {.reader = {.path = path, .errors = error},
                                  .questions = questions};
        config_setting_t *root = config_root_setting(&config);
        rubric_only_these_keys(&reading.reader, root, top);
        rubric_read_groups(&reading.reader, root, "checks", true, keys, read_check, &reading);
    }
    config_destroy(&config);
    return error->len == before;
}

/* ---- the rubric ---------------------------------------------------------------------------------------- */

static struct review_check *check_of(const struct rubric *rubric, const struct rubric_check *from)
{
    struct review_check *check = g_new0(struct review_check, 1);
    check->name = g_strdup(from->name);
    check->title = g_strdup(from->title);
    check->heading = g_strdup(from->heading);
    check->bonus = rubric_check_is_bonus(rubric, from);
    check->max_points = from->points;
    check->items = g_array_new(FALSE, TRUE, sizeof(struct review_part));
    g_array_set_clear_func(check->items, clear_item);
    const struct review_part whole = {g_strdup(from->name), g_strdup(from->title), from->points};
    g_array_append_val(check->items, whole);
    return check;
}

struct review_questions *review_questions_load(const char *kit, const char *assignment,
                                               GString *error)
{
    g_autofree char *path = g_build_filename(kit, "assignments", assignment, "rubric.cfg", NULL),
                    *own = g_build_filename(kit, "assignments", assignment, "review.cfg", NULL);
    struct review_questions *questions = g_new0(struct review_questions, 1);
    questions->checks = g_ptr_array_new_with_free_func(free_check);
    questions->rubric = rubric_load(path, error);
    for (guint i = 0; questions->rubric && i < questions->rubric->checks->len; i++)
        if (RUBRIC_CHECKS(questions->rubric, i)->heading)
            g_ptr_array_add(questions->checks,
                            check_of(questions->rubric, RUBRIC_CHECKS(questions->rubric, i)));
    if (questions->rubric)
        questions->names = rubric_questions(questions->rubric);
    if (questions->rubric && questions->checks->len == 0)
        g_string_append_printf(error, "the rubric of %s leaves no check to a person\n", assignment);
    else if (questions->rubric && read_configuration(questions, own, error))
        return questions;
    review_questions_free(questions);
    return NULL;
}

void review_questions_free(struct review_questions *questions)
{
    if (!questions)
        return;
    g_ptr_array_unref(questions->checks);
    if (questions->names)
        g_ptr_array_unref(questions->names);
    if (questions->rubric)
        rubric_free(questions->rubric);
    g_free(questions);
}

const struct review_check *review_questions_find(const struct review_questions *questions,
                                                 const char *check)
{
    for (guint i = 0; i < questions->checks->len; i++) {
        const struct review_check *one = questions->checks->pdata[i];
        if (strcmp(one->name, check) == 0)
            return one;
    }
    return NULL;
}

const struct review_part *review_check_find(const struct review_check *check, const char *item)
{
    for (guint i = 0; i < check->items->len; i++)
        if (strcmp(REVIEW_PARTS(check, i)->name, item) == 0)
            return REVIEW_PARTS(check, i);
    return NULL;
}
