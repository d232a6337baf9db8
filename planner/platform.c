/* Platforms: the processors that a platform file describes. */
#include "planner/planner.h"

#include <string.h>

struct found {
    double speed;
    int hosts;
};

/* "1Gf", "312Tf", "900Mf": FLOP/s; 0 if it is none of these. */
static double speed_of(const char *text)
{
    static const struct {
        const char *unit;
        double factor;
    } units[] = {{"f", 1},    {"kf", 1e3},  {"Kf", 1e3}, {"Mf", 1e6},
                 {"Gf", 1e9}, {"Tf", 1e12}, {"Pf", 1e15}};
    char *end;
    double number = g_ascii_strtod(text, &end);
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (strcmp(end, units[i].unit) == 0)
            return number * units[i].factor;
    return 0;
}

/* "0-7,9": how many numbers these are. */
static int count_of(const char *radical)
{
    int count = 0;
    g_auto(GStrv) ranges = g_strsplit(radical, ",", -1);
    for (char **range = ranges; *range; range++) {
        const char *dash = strchr(*range, '-');
        gint64 first = g_ascii_strtoll(*range, NULL, 10);
        gint64 last = dash ? g_ascii_strtoll(dash + 1, NULL, 10) : first;
        if (last >= first && last - first < 1 << 20)
            count += (int)(last - first + 1);
    }
    return count;
}

static void element(GMarkupParseContext *context, const char *name, const char **names,
                    const char **values, gpointer data, GError **error)
{
    (void)context;
    (void)error;
    struct found *found = data;
    const char *speed = NULL, *radical = NULL;
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], "speed") == 0)
            speed = values[i];
        if (strcmp(names[i], "radical") == 0)
            radical = values[i];
    }
    if (!speed)
        return;
    if (strcmp(name, "cluster") != 0 && strcmp(name, "host") != 0)
        return;
    double value = speed_of(speed);
    if (found->hosts == 0 || value < found->speed)
        found->speed = value;
    found->hosts += radical ? count_of(radical) : 1;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void list_platforms(const char *kit, GString *error)
{
    g_autofree char *folder = g_build_filename(kit, "common", "platforms", NULL);
    g_autoptr(GDir) list = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; list && (name = g_dir_read_name(list));)
        if (g_str_has_suffix(name, ".xml"))
            g_ptr_array_add(names, g_strndup(name, strlen(name) - 4));
    g_ptr_array_sort(names, by_name);
    for (guint i = 0; i < names->len; i++)
        g_string_append_printf(error, "%s%s", i ? ", " : "; there are: ", (char *)names->pdata[i]);
}

struct platform *plan_platform_read(const char *kit, const char *name, GString *error)
{
    const bool is_this =
        strcmp(name, "this") == 0; /* the computer, as make calibrate measured it */
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    g_autofree char *path = strchr(name, '/') ? g_strdup(name)
                            : is_this ? g_build_filename(kit, "build", "platforms", file, NULL)
                                      : g_build_filename(kit, "common", "platforms", file, NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &text, &length, NULL) && is_this) {
        g_string_printf(error, "PLATFORM=this: this computer has not been measured yet: make "
                               "calibrate does that");
        return NULL;
    }
    if (text == NULL) {
        g_string_printf(error, "PLATFORM=%s: there is no such platform", name);
        list_platforms(kit, error);
        return NULL;
    }
    static const GMarkupParser parser = {.start_element = element};
    struct found found = {0};
    GError *problem = NULL;
    GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, &found, NULL);
    bool parsed = g_markup_parse_context_parse(context, text, (gssize)length, &problem) &&
                  g_markup_parse_context_end_parse(context, &problem);
    g_markup_parse_context_free(context);
    if (!parsed || found.hosts == 0 || !(found.speed > 0)) {
        g_string_printf(error, "PLATFORM=%s: %s", name,
                        problem ? problem->message
                                : "it has no <cluster> or <host> with a speed such as 1Gf");
        g_clear_error(&problem);
        return NULL;
    }
    struct platform *platform = g_new0(struct platform, 1);
    *platform = (struct platform){.speed = found.speed, .hosts = found.hosts};
    return platform;
}
