/* The course's policy; see policy.h. */
#include "class/intake/policy.h"

#include "class/intake/times.h"
#include "grader/rubric/rubric_values.h"

#include <math.h>
#include <string.h>

static bool is_at(const struct rubric_reader *reader, const config_setting_t *setting,
                  const char *key, bool right, const char *has_to_be)
{
    if (!right)
        rubric_complain(reader, setting, "\"%s\" %s", key, has_to_be);
    return right;
}

static bool read_time(const struct rubric_reader *reader, config_setting_t *setting,
                      GTimeZone *zone, gint64 *seconds)
{
    const char *text = config_setting_get_string(setting);
    g_autoptr(GString) why = g_string_new(NULL);
    if (!text)
        g_string_append(why, "has to be a time in quotes: \"2026-11-20T23:59\"");
    if (text && intake_time_parse(text, zone, INTAKE_LAST, seconds, why))
        return true;
    rubric_complain(reader, setting, "\"%s\" = \"%s\": %s", config_setting_name(setting),
                    text ? text : "", why->str);
    return false;
}

/* A whole number from 0; `instead` if there is none. */
static int read_count(const struct rubric_reader *reader, config_setting_t *group, const char *key,
                      int instead)
{
    config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting)
        return instead;
    const int number = config_setting_get_int(setting);
    const bool is_int = config_setting_type(setting) == CONFIG_TYPE_INT;
    return is_at(reader, setting, key, is_int && number >= 0 && number <= 10000,
                 "has to be a whole number from 0 to 10000")
               ? number
               : instead;
}

static void read_zone(const struct rubric_reader *reader, config_setting_t *root,
                      struct intake_policy *policy)
{
    g_autofree char *name = rubric_read_text(reader, root, "time_zone", false);
    GTimeZone *zone = name ? g_time_zone_new_identifier(name) : NULL;
    if (name && !zone)
        rubric_complain(reader, config_setting_get_member(root, "time_zone"),
                        "there is no time zone \"%s\" on this machine; they are called like "
                        "\"Europe/Berlin\" (timedatectl list-timezones)",
                        name);
    if (!zone)
        return;
    g_time_zone_unref(policy->zone);
    policy->zone = zone;
    g_free(policy->zone_name);
    policy->zone_name = g_steal_pointer(&name);
}

/* The deadline that all assignments have that are graded together: a submission counts, or not, as a whole. */
static void read_deadline(const struct rubric_reader *reader, config_setting_t *root,
                          const GPtrArray *assignments, struct intake_policy *policy)
{
    config_setting_t *general = config_setting_get_member(root, "deadline");
    config_setting_t *each = config_setting_get_member(root, "deadlines");
    const char *first = NULL;
    if (each && !is_at(reader, each, "deadlines", config_setting_is_group(each),
                       "has to be a group: { ASSIGNMENT = \"2026-11-20T23:59\"; }"))
        return;
    for (guint i = 0; i < assignments->len; i++) {
        const char *name = assignments->pdata[i];
        config_setting_t *own = each ? config_setting_get_member(each, name) : NULL;
        config_setting_t *setting = own ? own : general;
        gint64 deadline = 0;
        const bool has = setting != NULL;
        if (has && !read_time(reader, setting, policy->zone, &deadline))
            return;
        if (first && (has != policy->has_deadline || deadline != policy->deadline)) {
            rubric_complain(reader, setting ? setting : each,
                            "%s and %s have different deadlines: take them in one after the other, "
                            "each into a folder of its own (ASSIGNMENTS=%s)",
                            first, name, name);
            return;
        }
        first = name;
        policy->has_deadline = has;
        policy->deadline = deadline;
    }
}

static void read_hard(const struct rubric_reader *reader, config_setting_t *late,
                      struct intake_policy *policy)
{
    config_setting_t *hard = config_setting_get_member(late, "hard");
    if (!hard)
        return;
    if (config_setting_type(hard) == CONFIG_TYPE_INT) {
        const int days = read_count(reader, late, "hard", 0);
        policy->has_hard = policy->has_deadline;
        policy->hard = intake_time_add_days(policy->deadline, days, policy->zone);
        return;
    }
    policy->has_hard = read_time(reader, hard, policy->zone, &policy->hard);
    if (policy->has_hard && policy->has_deadline && policy->hard < policy->deadline)
        rubric_complain(reader, hard, "\"hard\" is before the deadline");
}

static void read_late(const struct rubric_reader *reader, config_setting_t *root,
                      struct intake_policy *policy)
{
    static const char *const keys[] = {"days", "penalty", "hard", "grace_minutes", "counts", NULL};
    config_setting_t *late = config_setting_get_member(root, "late");
    if (!late || !is_at(reader, late, "late", config_setting_is_group(late),
                        "has to be a group: { days = 5; penalty = 0.1; }"))
        return;
    rubric_only_these_keys(reader, late, keys);
    policy->free_days = read_count(reader, late, "days", 0);
    policy->grace_minutes = read_count(reader, late, "grace_minutes", 0);
    config_setting_t *penalty = config_setting_get_member(late, "penalty");
    if (penalty)
        policy->penalty = rubric_read_number(reader, late, "penalty");
    if (policy->penalty > 1)
        rubric_complain(reader, penalty, "\"penalty\" has to be a share of the points, 0 to 1");
    g_autofree char *counts = rubric_read_text(reader, late, "counts", false);
    policy->prefers_on_time = counts && strcmp(counts, "on time") == 0;
    if (counts && !policy->prefers_on_time && strcmp(counts, "newest") != 0)
        rubric_complain(reader, config_setting_get_member(late, "counts"),
                        "\"counts\" has to be \"newest\" or \"on time\"");
    read_hard(reader, late, policy);
}

static struct intake_policy *policy_new(void)
{
    struct intake_policy *policy = g_new0(struct intake_policy, 1);
    policy->zone = g_time_zone_new_utc();
    policy->zone_name = g_strdup("UTC");
    policy->penalty = 1;
    return policy;
}

struct intake_policy *intake_policy_read(const char *path, const GPtrArray *assignments,
                                         GString *errors)
{
    static const char *const keys[] = {"course", "time_zone",  "deadline",   "deadlines",
                                       "late",   "group_size", "gradescope", NULL};
    struct intake_policy *policy = policy_new();
    if (!path)
        return policy;
    const gsize before = errors->len;
    const struct rubric_reader reader = {.path = path, .errors = errors};
    config_t config;
    config_init(&config);
    if (rubric_read_configuration(&config, path, errors)) {
        config_setting_t *root = config_root_setting(&config);
        rubric_only_these_keys(&reader, root, keys);
        policy->course = rubric_read_text(&reader, root, "course", false);
        read_zone(&reader, root, policy);
        read_deadline(&reader, root, assignments, policy);
        read_late(&reader, root, policy);
        policy->group_size = read_count(&reader, root, "group_size", 0);
    }
    config_destroy(&config);
    if (errors->len == before)
        return policy;
    intake_policy_free(policy);
    return NULL;
}

void intake_policy_free(struct intake_policy *policy)
{
    if (!policy)
        return;
    g_free(policy->course);
    g_free(policy->zone_name);
    g_time_zone_unref(policy->zone);
    g_free(policy);
}

double intake_policy_factor(const struct intake_policy *policy, int days_late, int used_before)
{
    const int left = MAX(policy->free_days - used_before, 0);
    return fmax(0, 1 - policy->penalty * MAX(days_late - left, 0));
}
