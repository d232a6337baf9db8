/* Numbers and sizes in the command line of the planner. */
#include "planner/planner.h"

#include <string.h>

bool plan_read_number(const char *name, const char *text, int most, int *number, GString *error)
{
    char *end;
    const gint64 value = g_ascii_strtoll(text, &end, 10);
    if (end != text && *end == '\0' && value >= 1 && value <= most) {
        *number = (int)value;
        return true;
    }
    g_string_printf(error, "%s=%s: must be a whole number from 1 to %d", name, text, most);
    return false;
}

static const struct {
    const char *word;
    double bytes;
} units[] = {{"", 1},         {"B", 1},        {"kB", 1e3},    {"KB", 1e3},
             {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12},   {"KiB", 0x1p10},
             {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}};

bool plan_read_bytes(const char *name, const char *text, double *bytes, GString *error)
{
    const size_t digits = strspn(text, "0123456789.");
    char *end;
    const double number = g_ascii_strtod(text, &end);
    const bool is_number = g_ascii_isdigit(*text) && end == text + digits && number > 0;
    while (is_number && *end == ' ')
        end++;
    for (gsize i = 0; is_number && i < G_N_ELEMENTS(units); i++)
        if (g_str_equal(end, units[i].word)) {
            *bytes = number * units[i].bytes;
            return true;
        }
    g_string_printf(error, "%s=%s: must be a size, as 80GiB, 40GB or 512MiB", name, text);
    return false;
}
