/* The two parts of the table: what really trains on this computer, and a large model on the simulated cluster; see table.h. */
#include "assignments/memory/table/table.h"

#include <stdio.h>

bool table_setting_open(struct table_setting *setting, GString *error)
{
    struct data_shape data;
    char why[DATASET_ERROR_SIZE], model_why[MODEL_ERROR_SIZE];
    if (!dataset_describe(setting->data, &data, why)) {
        g_string_printf(error, "DATA=%s: %s", setting->data, why);
        return false;
    }
    setting->model = model_new(setting->model_name, data.input, data.classes, model_why);
    if (!setting->model) {
        g_string_printf(error, "MODEL=%s: %s", setting->model_name, model_why);
        return false;
    }
    if (setting->micro_batches % setting->ranks != 0)
        g_string_printf(error, "MICRO_BATCHES=%d: must be a multiple of the %d ranks",
                        setting->micro_batches, setting->ranks);
    else if (setting->batch % setting->micro_batches != 0)
        g_string_printf(error, "BATCH=%d: must be a multiple of the %d micro-batches",
                        setting->batch, setting->micro_batches);
    else if (setting->platform_name) {
        setting->platform = platform_read(setting->kit, setting->platform_name, error);
        if (setting->platform && setting->ranks > setting->platform->hosts)
            g_string_printf(error, "RANKS=%d: the platform %s has %d processors", setting->ranks,
                            setting->platform_name, setting->platform->hosts);
    }
    return error->len == 0;
}

void table_setting_close(struct table_setting *setting)
{
    if (setting->model)
        model_free(setting->model);
    g_free(setting->platform);
    g_free(setting->pictures);
}

static char *picture_name(const struct technique *technique, int number)
{
    char *name = g_strdup_printf("%02d-%s", number, technique->name);
    for (char *c = name; *c; c++)
        *c = g_ascii_isalnum(*c) ? g_ascii_tolower(*c) : '-';
    return name;
}

void table_tell(const char *where, const char *name, int done, int all, gint64 began)
{
    g_autofree char *left = g_strdup("");
    if (done > 0) {
        const double seconds = 1e-6 * (double)(g_get_monotonic_time() - began);
        g_free(left);
        left = g_strdup_printf(" (about %.0f s left)", seconds / done * (all - done));
    }
    fprintf(stderr, "%s, %d of %d: %s%s\n", where, done + 1, all, name, left);
}

bool table_part_run(struct table_part *part, GString *error)
{
    const struct table_setting *setting = &part->setting;
    part->rows = g_array_new(FALSE, FALSE, sizeof(struct table_row));
    part->left = g_string_new(NULL);
    const int techniques = table_technique_count + (part->configured != NULL);
    const gint64 began = g_get_monotonic_time();
    for (int i = 0; i < techniques; i++) {
        const bool listed = i < table_technique_count;
        struct table_row row = {.technique = listed ? &table_techniques[i] : part->configured};
        g_autofree char *picture = picture_name(row.technique, i + 1);
        g_autoptr(GString) why = g_string_new(NULL);
        g_autofree char *title =
            g_strdup_printf("%s: memory of a step, %s", row.technique->name, setting->model_name);
        table_tell(setting->platform_name ? setting->platform_name : "this computer",
                   row.technique->name, i, techniques, began);
        if (table_run(setting, row.technique->options, setting->pictures ? picture : NULL, title,
                      &row.measured, why)) {
            row.formula = table_formula(setting, row.technique);
            g_array_append_val(part->rows, row);
        } else if (i == 0) {
            g_string_printf(error, "%s does not train, so there is nothing to compare with: %s",
                            row.technique->name, why->str);
            return false;
        } else {
            g_string_append_printf(part->left, "- Left out: %s (%s).\n", row.technique->name,
                                   why->str);
        }
    }
    return true;
}

void table_part_clear(struct table_part *part)
{
    table_setting_close(&part->setting);
    if (part->rows)
        g_array_unref(part->rows);
    if (part->left)
        g_string_free(part->left, TRUE);
}
