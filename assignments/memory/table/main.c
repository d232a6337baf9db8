/* The program table: see table.h. Exit status: 0 done, 1 failed, 2 wrong arguments. */
#include "assignments/memory/table/table.h"

#include "common/base/environment.h"
#include "common/base/processor.h"

#include <errno.h>
#include <stdio.h>

#define SMALL_MODEL "gpt:depth=6,width=128,heads=4"
#define SMALL_DATA  "synthetic-text:tokens=64,vocabulary=512"
/* 6.9 billion parameters: the sizes of LLaMA 7B (Touvron et al. 2023), with a perceptron of four widths and GPT-2's words. */
#define LARGE_MODEL "gpt:depth=32,width=4096,heads=32"
#define LARGE_DATA  "synthetic-text:tokens=2048,vocabulary=50257,train=64,test=1"
/* What all ranks of this computer may need together. */
#define MOST_HERE 2e9

enum { SMALL_RANKS = 2, LARGE_RANKS = 8, STEPS_HERE = 6 };

static bool given(const char *text)
{
    return text && *text;
}

static int either(int chosen, int own)
{
    return chosen > 0 ? chosen : own;
}

static const char *data_of(const struct table_choices *choices, const char *own)
{
    if (given(choices->data))
        return choices->data;
    return given(choices->model) ? model_default_data(choices->model) : own;
}

static struct table_setting setting_here(const struct table_choices *choices)
{
    const int ranks = either(choices->ranks, SMALL_RANKS);
    const int micro_batches = either(choices->micro_batches, 2 * ranks);
    return (struct table_setting){.kit = choices->kit,
                                  .program = choices->program,
                                  .model_name =
                                      given(choices->model) ? choices->model : SMALL_MODEL,
                                  .data = data_of(choices, SMALL_DATA),
                                  .ranks = ranks,
                                  .micro_batches = micro_batches,
                                  .batch = either(choices->batch, 4 * micro_batches),
                                  .steps = STEPS_HERE};
}

static struct table_setting setting_simulated(const struct table_choices *choices)
{
    const int ranks = either(choices->ranks, LARGE_RANKS);
    const int micro_batches = either(choices->micro_batches, ranks);
    return (struct table_setting){.kit = choices->kit,
                                  .program = choices->simulator,
                                  .platform_name = choices->platform,
                                  .model_name =
                                      given(choices->model) ? choices->model : LARGE_MODEL,
                                  .data = data_of(choices, LARGE_DATA),
                                  .ranks = ranks,
                                  .micro_batches = micro_batches,
                                  .batch = either(choices->batch, micro_batches),
                                  .steps = 1,
                                  .pictures = g_build_filename(choices->out, "memory", NULL)};
}

/* ---- text -------------------------------------------------------------------------------------------------- */

static const char legend[] = "Of each kind stands the most that a rank has at a time, beside it in "
                             "brackets what the formula says; = is the "
                             "same to the byte. `peak` is the most on the device at one time. "
                             "`step` is the time of a step, `traffic` what a "
                             "rank has to send in it.\n\n";
static const char differences[] =
    "\nWhere they differ: the formula of activations counts what is kept between two layers' "
    "computations. At the begin of "
    "the backward the logits and their gradient are there besides, and while a layer computes, its "
    "own inner tensors. "
    "Workspace has no formula: the outputs of the whole batch, which the kit keeps for the loss, "
    "and scratch space of kernels "
    "(with 16 bits also a layer's numbers in float32). The formula of the step leaves out the loss "
    "and the optimizer on the "
    "device, and, of what is fetched ahead, the first layer's, which nothing hides.\n";

static char *with_commas(size_t number)
{
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%zu", number);
    for (gssize i = (gssize)text->len - 3; i > 0; i -= 3)
        g_string_insert_c(text, i, ',');
    return g_string_free(text, FALSE);
}

static void title(GString *text, const struct table_part *part)
{
    const struct table_setting *setting = &part->setting;
    g_autofree char *count =
        with_commas(model_parameter_count(setting->model, 0, setting->model->layers));
    g_string_append_printf(
        text,
        "## %s\n\n`%s` on `%s`, %s parameters, AdamW; %d ranks, a batch of %d samples in %d "
        "micro-batches.%s%s%s\n\n",
        setting->platform_name ? "A large model, simulated" : "What trains on this computer",
        setting->model_name, setting->data, count, setting->ranks, setting->batch,
        setting->micro_batches, setting->platform_name ? " Without numbers, on the platform `" : "",
        setting->platform_name ? setting->platform_name : "", setting->platform_name ? "`." : "");
}

static void tell_part(GString *text, const struct table_part *part)
{
    title(text, part);
    g_string_append(text, legend);
    table_markdown(text, part);
    g_string_append(text, differences);
    g_string_append(text, part->left->str);
    g_string_append_c(text, '\n');
}

static void tell_trades(GString *text, GString *csv, const struct table_choices *choices,
                        const struct table_setting *large)
{
    struct table_setting setting = *large;
    if (choices->batch == 0 && choices->micro_batches == 0) {
        setting.batch *= 2;
        setting.micro_batches *= 2;
    }
    GArray *trades = trades_new(&setting);
    g_autoptr(GString) left = g_string_new(NULL);
    trades_run(trades, &setting, choices->beside, left);
    g_string_append_printf(
        text,
        "## One model, %d ranks: the trade-off\n\n`%s`, float32, a batch of %d samples in %d "
        "micro-batches, on `%s`. Peak: of the rank that needs most. In brackets what a formula "
        "says. Utilisation: "
        "1/p of the naive split; m · mean / (all stages + (m - 1) · slowest) of a pipeline, which "
        "is "
        "m/(m + p - 1) where stages are alike. Traffic, a mean over the ranks: what crosses the "
        "borders of stages, four "
        "sums of a block's outputs with tensor parallelism, 3m(N - 1)/N times the parameters with "
        "ZeRO 3.\n\n",
        setting.ranks, setting.model_name, setting.batch, setting.micro_batches,
        setting.platform_name);
    table_trades_markdown(text, trades);
    g_string_append_printf(text, "%s%s\n", left->len ? "\n" : "", left->str);
    table_trades_csv(csv, trades, &setting);
    trades_free(trades);
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

/* What all ranks of a part need together, by formula. */
static double needed(const struct table_setting *setting)
{
    const struct figures formula = table_formula(setting, &table_techniques[0]);
    double bytes = 0;
    for (int kind = 0; kind < MEMORY_DEVICE_KINDS; kind++)
        bytes += kind == MEMORY_WORKSPACE ? 0 : formula.most[kind];
    return bytes * setting->ranks;
}

static bool write_file(const struct table_choices *choices, const char *name, const GString *text,
                       GString *error)
{
    g_autofree char *path = g_build_filename(choices->out, name, NULL);
    g_autoptr(GError) problem = NULL;
    if (!g_file_set_contents(path, text->str, (gssize)text->len, &problem))
        g_string_assign(error, problem->message);
    return error->len == 0;
}

static bool make_parts(const struct table_choices *choices, struct table_part *part, int *count,
                       GString *text, GString *error)
{
    const bool fits = needed(&part[0].setting) <= MOST_HERE;
    if (!fits)
        g_string_append_printf(text,
                               "`%s` is too large for this computer, so it is only simulated.\n\n",
                               part[0].setting.model_name);
    else if (!table_part_run(&part[0], error))
        return false;
    else
        tell_part(text, &part[0]);
    *count = fits ? 1 : 0;
    if (!given(choices->simulator)) {
        g_string_append(text, "Not simulated: that needs SimGrid (Debian and Ubuntu: apt-get "
                              "install libsimgrid-dev).\n\n");
        return true;
    }
    if (!table_part_run(&part[1], error))
        return false;
    tell_part(text, &part[1]);
    return true;
}

static bool make_tables(const struct table_choices *choices, struct table_part *part, GString *text,
                        GString *error)
{
    int here = 0;
    g_autoptr(GString) csv = g_string_new(table_csv_head);
    g_autofree char *bars = g_build_filename(choices->out, "table", NULL);
    g_string_assign(text, "# What each technique costs\n\n");
    if (!make_parts(choices, part, &here, text, error))
        return false;
    const bool simulated = part[1].rows != NULL;
    if (here)
        table_csv(csv, &part[0]);
    if (simulated)
        table_csv(csv, &part[1]);
    if (simulated && given(choices->beside))
        tell_trades(text, csv, choices, &part[1].setting);
    if (here || simulated)
        g_string_append(text, "![memory at its peak, by kind](table.svg)\n");
    if (simulated)
        g_string_append(text, "\nMemory over the time of a step, of each technique: `memory/`.\n");
    return write_file(choices, "table.md", text, error) &&
           write_file(choices, "table.csv", csv, error) &&
           (here + simulated == 0 ||
            table_bars(here ? part : part + 1, here + simulated, bars, error));
}

static int finish(const GString *error, int status)
{
    if (status != 0)
        fprintf(stderr, "table: %s\n", error->str);
    return status;
}

int main(int argc, char **argv)
{
    processor_must_fit();
    environment_start_again(argv);
    struct table_choices choices = {.kit = g_strdup("."), .platform = NULL};
    g_autoptr(GString) error = g_string_new(NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    if (!table_choices_read(&choices, argc, argv, error))
        return finish(error, 2);
    if (!given(choices.platform))
        choices.platform = g_strdup("rack");
    const struct technique *configured = table_configured(choices.configured);
    struct table_part part[2] = {
        {.setting = setting_here(&choices), .configured = configured},
        {.setting = setting_simulated(&choices), .configured = configured}};
    if (!table_setting_open(&part[0].setting, error) ||
        !table_setting_open(&part[1].setting, error))
        return finish(error, 2);
    if (g_mkdir_with_parents(part[1].setting.pictures, 0755) != 0) {
        g_string_printf(error, "%s: %s", part[1].setting.pictures, g_strerror(errno));
        return finish(error, 1);
    }
    if (!make_tables(&choices, part, text, error))
        return finish(error, 1);
    fputs(text->str, stdout);
    fprintf(stderr, "written to %s: table.md, table.csv, table.svg\n", choices.out);
    for (int i = 0; i < 2; i++)
        table_part_clear(&part[i]);
    return 0;
}
