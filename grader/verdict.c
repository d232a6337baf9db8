/* Verdicts: made, set, explained, freed. */
#include "grader/judge.h"

struct verdict *verdict_new(void)
{
    struct verdict *verdict = g_new0(struct verdict, 1);
    verdict->kind = VERDICT_NOT_JUDGED;
    verdict->headline = g_string_new(NULL);
    verdict->explanation = g_string_new(NULL);
    verdict->mistake = g_string_new(NULL);
    verdict->remark = g_string_new(NULL);
    verdict->pictures = g_ptr_array_new_with_free_func(g_free);
    return verdict;
}

void verdict_free(struct verdict *verdict)
{
    if (!verdict)
        return;
    g_string_free(verdict->headline, TRUE);
    g_string_free(verdict->explanation, TRUE);
    g_string_free(verdict->mistake, TRUE);
    g_string_free(verdict->remark, TRUE);
    g_ptr_array_free(verdict->pictures, TRUE);
    g_free(verdict);
}

void verdict_set(struct verdict *verdict, enum verdict_kind kind, const char *format, ...)
{
    verdict->kind = kind;
    va_list list;
    va_start(list, format);
    g_string_vprintf(verdict->headline, format, list);
    va_end(list);
    g_strdelimit(verdict->headline->str, "\r\n\t", ' '); /* a program's own words may be in it */
}

void verdict_explain(struct verdict *verdict, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_string_append_vprintf(verdict->explanation, format, list);
    va_end(list);
}

void verdict_name_mistake(struct verdict *verdict, const struct mistake *mistake)
{
    g_string_assign(verdict->mistake, mistake->name);
    verdict_explain(verdict, "\n**This fits a known mistake: %s.** %s\n\nLook at %s.\n",
                    mistake->name, mistake->explanation, mistake->look);
}
