/* What varies in a check's runs, and which case is taken; see rubric_cases.h. */
#include "grader/rubric/rubric_cases.h"

#include "grader/rubric/rubric_forms.h"
#include "grader/text/text.h"

#include <stdlib.h>
#include <string.h>

static char *place_of(int run, guint part)
{
    return g_strdup_printf("%d.%u", run + 1, part + 1);
}

struct rubric_variable *rubric_find_variable(const struct rubric_check *check, const char *name)
{
    for (guint i = 0; check->variables && i < check->variables->len; i++)
        if (strcmp(RUBRIC_VARIABLES(check, i)->name, name) == 0)
            return RUBRIC_VARIABLES(check, i);
    return NULL;
}

struct rubric_variable *rubric_variable_of(const struct rubric_check *check, int run,
                                           const struct form_part *part, guint index)
{
    g_autofree char *place = place_of(run, index);
    return rubric_find_variable(check, part->name ? part->name : place);
}

struct rubric_variable *rubric_add_variable(struct rubric_check *check, int run,
                                            const struct form_part *part, guint index)
{
    struct rubric_variable variable = {.name =
                                           part->name ? g_strdup(part->name) : place_of(run, index),
                                       .alternatives = (int)part->alternatives->len};
    g_array_append_val(check->variables, variable);
    return RUBRIC_VARIABLES(check, check->variables->len - 1);
}

/* The form of a run in the case that its variables have taken. A new string. */
static char *in_case(const struct rubric_check *check, int run)
{
    const char *form = RUBRIC_RUNS(check, run)->form;
    g_autoptr(GString) ignored = g_string_new(NULL);
    g_autoptr(GArray) parts = rubric_form_parts(form, ignored); /* it was linted */
    GString *text = g_string_new(NULL);
    gsize at = 0;
    for (guint i = 0; parts && i < parts->len; i++) {
        const struct form_part *part = &g_array_index(parts, struct form_part, i);
        const struct rubric_variable *variable = rubric_variable_of(check, run, part, i);
        g_string_append_len(text, form + at, (gssize)(part->begin - at));
        g_string_append(text, part->alternatives->pdata[variable ? variable->taken : 0]);
        at = part->end;
    }
    g_string_append(text, form + at);
    return g_string_free(text, FALSE);
}

void rubric_put_case(const struct rubric_check *check, int number)
{
    struct rubric_run *run = RUBRIC_RUNS(check, number);
    g_autofree char *text = in_case(check, number);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 2);
    run->ranks = strspn(lines[0], G_CSET_DIGITS) == strlen(lines[0]) ? atoi(lines[0]) : 0;
    g_free(run->arguments);
    run->arguments = g_strdup(lines[1]);
}

void rubric_put_cases(const struct rubric_check *check)
{
    for (guint i = 0; i < check->runs->len; i++)
        if (RUBRIC_RUNS(check, i)->form)
            rubric_put_case(check, (int)i);
}

/* ---- drawn --------------------------------------------------------------------------------------- */

static int draw(const void *key, gsize length, const struct rubric *rubric,
                const struct rubric_check *check, const struct rubric_variable *variable)
{
    guint8 digest[32];
    gsize bytes = sizeof digest;
    g_autofree char *text =
        g_strdup_printf("case\n%s\n%s\n%s\n", rubric->assignment, check->name, variable->name);
    g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA256, key, length);
    g_hmac_update(hmac, (const guchar *)text, (gssize)strlen(text));
    g_hmac_get_digest(hmac, digest, &bytes);
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | digest[i];
    return (int)(number % (uint64_t)variable->alternatives);
}

void rubric_draw(struct rubric *rubric, const void *key, gsize length)
{
    for (guint c = 0; c < rubric->checks->len; c++) {
        struct rubric_check *check = &g_array_index(rubric->checks, struct rubric_check, c);
        for (guint i = 0; i < check->variables->len; i++) {
            struct rubric_variable *variable = RUBRIC_VARIABLES(check, i);
            variable->taken = draw(key, length, rubric, check, variable);
        }
        rubric_put_cases(check);
    }
}

/* ---- given --------------------------------------------------------------------------------------- */

static bool take(struct rubric_check *check, const GArray *numbers, GString *error)
{
    const guint variables = check->variables->len;
    if (numbers->len != 1 && numbers->len != variables) {
        g_string_append_printf(
            error,
            "%u sizes of the check %s vary, and CASE gives %u numbers; CASE=0 takes the "
            "kit's own\n",
            variables, check->name, numbers->len);
        return false;
    }
    for (guint i = 0; i < variables; i++) {
        struct rubric_variable *variable = RUBRIC_VARIABLES(check, i);
        const int number = g_array_index(numbers, int, numbers->len == 1 ? 0 : i);
        if (numbers->len > 1 && number >= variable->alternatives) {
            g_string_append_printf(error,
                                   "number %u of CASE is %d, and there the check %s has 0 … %d\n",
                                   i + 1, number, check->name, variable->alternatives - 1);
            return false;
        }
        variable->taken = number % variable->alternatives;
    }
    rubric_put_cases(check);
    return true;
}

bool rubric_take(struct rubric *rubric, const char *only, const char *text, GString *error)
{
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(int));
    g_auto(GStrv) words = g_strsplit(text, "-", -1);
    g_auto(GStrv) names = g_strsplit(only ? only : "", ",", -1);
    for (char **word = words; *word; word++) {
        const int number = atoi(*word);
        if (**word == '\0' || strlen(*word) > 4 || strspn(*word, G_CSET_DIGITS) != strlen(*word)) {
            g_autofree char *clean = text_clean_name(text);
            g_string_append_printf(
                error, "CASE=%s: has to be numbers with - between them, as a report gives them\n",
                clean);
            return false;
        }
        g_array_append_val(numbers, number);
    }
    for (guint c = 0; c < rubric->checks->len; c++) {
        struct rubric_check *check = &g_array_index(rubric->checks, struct rubric_check, c);
        if ((!only || g_strv_contains((const char *const *)names, check->name)) &&
            !take(check, numbers, error))
            return false;
    }
    return true;
}

/* ---- told ---------------------------------------------------------------------------------------- */

char *rubric_case(const struct rubric_check *check)
{
    GString *text = g_string_new(NULL);
    bool differs = false;
    for (guint i = 0; check->variables && i < check->variables->len; i++) {
        const struct rubric_variable *variable = RUBRIC_VARIABLES(check, i);
        differs = differs || variable->taken > 0;
        g_string_append_printf(text, "%s%d", i > 0 ? "-" : "", variable->taken);
    }
    return g_string_free(text, !differs);
}

double rubric_cases(const struct rubric_check *check)
{
    double cases = 1;
    for (guint i = 0; check->variables && i < check->variables->len; i++)
        cases *= RUBRIC_VARIABLES(check, i)->alternatives;
    return cases;
}
