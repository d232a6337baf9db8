/* The command line; see table.h. */
#include "assignments/memory/table/table.h"

bool table_choices_read(struct table_choices *choices, int argc, char **argv, GString *error)
{
    char *ranks = NULL, *batch = NULL, *micro_batches = NULL;
    const GOptionEntry entries[] = {
        {"program", 0, 0, G_OPTION_ARG_FILENAME, &choices->program, "for this computer", "FILE"},
        {"simulator", 0, 0, G_OPTION_ARG_FILENAME, &choices->simulator, "for the cluster", "FILE"},
        {"beside", 0, 0, G_OPTION_ARG_FILENAME, &choices->beside, "that splits models", "FILE"},
        {"kit", 0, 0, G_OPTION_ARG_FILENAME, &choices->kit, "the kit's folder (.)", "FOLDER"},
        {"out", 0, 0, G_OPTION_ARG_FILENAME, &choices->out, "where the tables go", "FOLDER"},
        {"model", 0, 0, G_OPTION_ARG_STRING, &choices->model, "in place of both parts' own",
         "NAME"},
        {"data", 0, 0, G_OPTION_ARG_STRING, &choices->data, "likewise", "NAME"},
        {"configured", 0, 0, G_OPTION_ARG_STRING, &choices->configured, "of one technique more",
         "OPTIONS"},
        {"platform", 0, 0, G_OPTION_ARG_STRING, &choices->platform, "(rack)", "NAME"},
        {"ranks", 0, 0, G_OPTION_ARG_STRING, &ranks, "likewise", "N"},
        {"batch", 0, 0, G_OPTION_ARG_STRING, &batch, "samples of a step", "N"},
        {"micro-batches", 0, 0, G_OPTION_ARG_STRING, &micro_batches, "of a step", "N"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- tables of memory");
    g_autoptr(GError) problem = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &problem)) {
        g_string_assign(error, problem->message);
        return false;
    }
    struct {
        const char *name, *text;
        int *value;
        gint64 most;
    } numbers[] = {{"RANKS", ranks, &choices->ranks, 64},
                   {"BATCH", batch, &choices->batch, 1 << 20},
                   {"MICRO_BATCHES", micro_batches, &choices->micro_batches, 4096}};
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        gint64 value = 0;
        if (!numbers[i].text || !*numbers[i].text)
            continue;
        if (!g_ascii_string_to_signed(numbers[i].text, 10, i == 0 ? 2 : 1, numbers[i].most, &value,
                                      NULL)) {
            g_string_printf(error, "%s=%s: must be a whole number from %d to %d", numbers[i].name,
                            numbers[i].text, i == 0 ? 2 : 1, (int)numbers[i].most);
            return false;
        }
        *numbers[i].value = (int)value;
    }
    if (!choices->program || !choices->out)
        g_string_assign(error, "--program and --out are needed");
    return error->len == 0;
}
