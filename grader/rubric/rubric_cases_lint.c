/* Runs in which something varies: read, and each of their cases tried on the program's own parser. */
#include "grader/rubric/rubric_cases.h"
#include "grader/rubric/rubric_forms.h"
#include "grader/rubric/rubric_values.h"

#include <string.h>

static void join(const struct rubric_reader *reader, config_setting_t *at,
                 struct rubric_check *check, const struct form_part *part, guint index)
{
    const int run = (int)check->runs->len - 1;
    struct rubric_variable *variable = rubric_variable_of(check, run, part, index);
    if (!variable)
        variable = rubric_add_variable(check, run, part, index);
    if (variable->alternatives != (int)part->alternatives->len)
        rubric_complain(reader, at,
                        "{%s: …} has %u alternatives here and %d where it stood first: they are "
                        "drawn together, so it needs as many",
                        part->name, part->alternatives->len, variable->alternatives);
    variable->stands++;
}

/* Can it be meant? */
static bool is_form(const struct rubric_reader *reader, config_setting_t *at, const char *text)
{
    g_autoptr(GString) error = g_string_new(NULL);
    g_autoptr(GArray) parts = rubric_form_parts(text, error);
    if (!parts)
        rubric_complain(reader, at, "%s", error->str);
    return parts;
}

bool rubric_read_form(const struct rubric_reader *reader, config_setting_t *group,
                      struct rubric_check *check)
{
    const int number = (int)check->runs->len - 1;
    struct rubric_run *run = RUBRIC_RUNS(check, number);
    config_setting_t *ranks = config_setting_get_member(group, "ranks"),
                     *arguments = config_setting_get_member(group, "arguments");
    const char *text = ranks ? config_setting_get_string(ranks) : NULL;
    if (text && !strpbrk(text, "{}"))
        text = NULL;
    if (!text && !strpbrk(run->arguments, "{}"))
        return true;
    g_autofree char *constant = g_strdup_printf("%d", run->ranks);
    g_autoptr(GString) ignored = g_string_new(NULL);
    if ((text && !is_form(reader, ranks, text)) || !is_form(reader, arguments, run->arguments))
        return false;
    run->form = g_strconcat(text ? text : constant, "\n", run->arguments, NULL);
    g_autoptr(GArray) parts = rubric_form_parts(run->form, ignored);
    for (guint i = 0; i < parts->len; i++)
        join(reader, arguments, check, &g_array_index(parts, struct form_part, i), i);
    rubric_put_case(check, number);
    return true;
}

/* The check's variables that a run has, each once. */
static GPtrArray *variables_of(const struct rubric_check *check, int run)
{
    GPtrArray *variables = g_ptr_array_new();
    g_autoptr(GString) ignored = g_string_new(NULL);
    g_autoptr(GArray) parts = rubric_form_parts(RUBRIC_RUNS(check, run)->form, ignored);
    for (guint i = 0; parts && i < parts->len; i++) {
        struct rubric_variable *variable =
            rubric_variable_of(check, run, &g_array_index(parts, struct form_part, i), i);
        if (!g_ptr_array_find(variables, variable, NULL))
            g_ptr_array_add(variables, variable);
    }
    return variables;
}

/* The next case of these variables, counted like a number; false: it was the last, and all are the first again. */
static bool next_case(const GPtrArray *variables)
{
    for (guint i = 0; i < variables->len; i++) {
        struct rubric_variable *variable = variables->pdata[i];
        variable->taken = (variable->taken + 1) % variable->alternatives;
        if (variable->taken > 0)
            return true;
    }
    return false;
}

/* group: what the run was read from. */
static void try_cases(const struct rubric_reader *reader, config_setting_t *group,
                      const struct rubric_check *check, int number)
{
    const struct rubric_run *run = RUBRIC_RUNS(check, number);
    g_autoptr(GPtrArray) variables = variables_of(check, number);
    double cases = 1;
    for (guint i = 0; i < variables->len; i++)
        cases *= ((const struct rubric_variable *)variables->pdata[i])->alternatives;
    if (cases > RUBRIC_MOST_CASES) {
        rubric_complain(reader, group,
                        "it can be drawn in %g ways, and may be in %d: draw some together "
                        "({name: …}), or give fewer alternatives",
                        cases, RUBRIC_MOST_CASES);
        return;
    }
    bool good = true;
    while (next_case(variables) && good) { /* the first was tried when it was read */
        rubric_put_case(check, number);
        good = rubric_run_is_meant(reader, group, run);
    }
    for (guint i = 0; i < variables->len; i++)
        ((struct rubric_variable *)variables->pdata[i])->taken = 0;
    rubric_put_case(check, number);
}

void rubric_lint_cases(const struct rubric_reader *reader, config_setting_t *group,
                       const struct rubric_check *check)
{
    config_setting_t *runs = config_setting_get_member(group, "runs");
    for (guint i = 0; i < check->variables->len; i++) {
        const struct rubric_variable *variable = RUBRIC_VARIABLES(check, i);
        if (g_ascii_isalpha(variable->name[0]) && variable->stands == 1)
            rubric_complain(reader, runs,
                            "{%s: …} stands once, so that nothing is drawn together with it: leave "
                            "the name out, or is another misspelt?",
                            variable->name);
    }
    for (guint i = 0; i < check->runs->len; i++) {
        config_setting_t *run = config_setting_get_elem(runs, i);
        if (RUBRIC_RUNS(check, i)->form)
            try_cases(reader, run, check, (int)i);
    }
}
