/* Reading a platform; see platform.h. */
#include "grader/platform/platform.h"

#include <math.h>
#include <string.h>

/* "312Tf" with the unit "f": 3.12e14; 0 if it is no number with that unit. */
static double number_of(const char *text, const char *unit)
{
    static const struct {
        char prefix;
        double factor;
    } prefixes[] = {{'n', 1e-9}, {'u', 1e-6}, {'m', 1e-3}, {'k', 1e3},  {'K', 1e3},
                    {'M', 1e6},  {'G', 1e9},  {'T', 1e12}, {'P', 1e15}, {'E', 1e18}};
    char *end;
    const double number = g_ascii_strtod(text, &end);
    if (strcmp(end, unit) == 0)
        return number;
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (*end == prefixes[i].prefix && strcmp(end + 1, unit) == 0)
            return number * prefixes[i].factor;
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

/* What stands in the file about the first of many servers. */
struct reading {
    struct platform found;
    int servers;                                                 /* 0: not said */
    double between_latency, between_bandwidth, uplink_bandwidth; /* of server-0-adapter, -uplink */
};

/* The value of an attribute; NULL: there is none. */
static const char *attribute(const char **names, const char **values, const char *name)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return values[i];
    return NULL;
}

/* What the first cluster says about messages: each goes through the link of its sender, what all share,
 * and the link of its receiver. */
static void read_links(struct platform *found, const char **names, const char **values)
{
    const char *latency = attribute(names, values, "lat");
    const char *bandwidth = attribute(names, values, "bw");
    const char *shared_latency = attribute(names, values, "bb_lat");
    const char *shared = attribute(names, values, "bb_bw");
    const char *radical = attribute(names, values, "radical");
    if (!latency || !bandwidth || !radical)
        return;
    found->latency = 2 * number_of(latency, "s");
    if (shared_latency)
        found->latency += number_of(shared_latency, "s");
    found->bandwidth = number_of(bandwidth, "Bps");
    found->shared_bandwidth = shared ? number_of(shared, "Bps") : INFINITY;
    if (found->bandwidth > 0 && found->shared_bandwidth > 0)
        found->together = count_of(radical);
}

/* "512"; 0 if it is no such number. */
static int number_in(const char *text)
{
    const gint64 number = text ? g_ascii_strtoll(text, NULL, 10) : 0;
    return number > 0 && number < 1 << 20 ? (int)number : 0;
}

/* The links from a server to the others, by their names. */
static void read_between(struct reading *reading, const char **names, const char **values)
{
    const char *id = attribute(names, values, "id");
    const char *bandwidth = attribute(names, values, "bandwidth");
    const char *latency = attribute(names, values, "latency");
    if (!id || !bandwidth || !latency)
        return;
    if (strcmp(id, "server-0-uplink") == 0)
        reading->uplink_bandwidth = number_of(bandwidth, "Bps");
    if (strcmp(id, "server-0-adapter") == 0)
        reading->between_bandwidth = number_of(bandwidth, "Bps");
    if (strcmp(id, "server-0-uplink") == 0 || strcmp(id, "server-0-adapter") == 0)
        reading->between_latency += number_of(latency, "s");
}

static void element(GMarkupParseContext *context, const char *name, const char **names,
                    const char **values, gpointer data, GError **error)
{
    (void)context;
    (void)error;
    struct reading *reading = data;
    struct platform *found = &reading->found;
    const bool is_cluster = strcmp(name, "cluster") == 0;
    const char *speed = attribute(names, values, "speed");
    const char *radical = attribute(names, values, "radical");
    const char *property = attribute(names, values, "id");
    found->measured |= strcmp(name, "prop") == 0 && property && strcmp(property, "processor") == 0;
    if (strcmp(name, "prop") == 0 && property && strcmp(property, "servers") == 0)
        reading->servers = number_in(attribute(names, values, "value"));
    if (strcmp(name, "link") == 0)
        read_between(reading, names, values);
    if (!speed || (!is_cluster && strcmp(name, "host") != 0))
        return;
    const double value = number_of(speed, "f");
    if (found->hosts == 0 || value < found->speed)
        found->speed = value;
    if (found->hosts == 0 && is_cluster)
        read_links(found, names, values);
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

struct platform *platform_read(const char *kit, const char *name, GString *error)
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
    struct reading reading = {0};
    GError *problem = NULL;
    GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, &reading, NULL);
    bool parsed = g_markup_parse_context_parse(context, text, (gssize)length, &problem) &&
                  g_markup_parse_context_end_parse(context, &problem);
    g_markup_parse_context_free(context);
    if (!parsed || reading.found.hosts == 0 || !(reading.found.speed > 0)) {
        g_string_printf(error, "PLATFORM=%s: %s: %s", name, path,
                        problem ? problem->message
                                : "it has no <cluster> or <host> with a speed such as 1Gf");
        g_clear_error(&problem);
        return NULL;
    }
    struct platform *platform = g_new(struct platform, 1);
    *platform = reading.found;
    platform->hosts *= MAX(1, reading.servers);
    if (reading.servers > 1) {
        platform->between_latency = platform->latency + 2 * reading.between_latency;
        platform->between_bandwidth = reading.between_bandwidth;
        platform->uplink_bandwidth = reading.uplink_bandwidth;
    }
    return platform;
}
