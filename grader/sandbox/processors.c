/* What a control group lends of the processors; see processors.h. https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max)
 * and https://docs.kernel.org/scheduler/sched-bwc.html (cpu.cfs_quota_us). */
#include "grader/sandbox/processors.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *contents(const char *root, const char *folder, const char *group, const char *file)
{
    g_autofree char *path = g_strconcat(root, folder, group, "/", file, NULL);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

/* "max 100000" or "50000 100000"; 0: no quota. */
static double quota_of_second_version(const char *text)
{
    double quota, period;
    return text && sscanf(text, "%lf %lf", &quota, &period) == 2 && period > 0 ? quota / period : 0;
}

static double quota_of_first_version(const char *quota, const char *period)
{
    const double each = period ? g_ascii_strtod(period, NULL) : 0;
    const double lent = quota ? g_ascii_strtod(quota, NULL) : -1;
    return lent > 0 && each > 0 ? lent / each : 0;
}

/* The least of a group and of all that it is in; a container sees its own as "/". */
static double least_quota(const char *root, const char *path)
{
    g_autofree char *group = g_strdup(path);
    double least = 0;
    for (;;) {
        if (strcmp(group, "/") == 0)
            *group = '\0';
        g_autofree char *both = contents(root, "/sys/fs/cgroup", group, "cpu.max");
        g_autofree char *quota = contents(root, "/sys/fs/cgroup/cpu", group, "cpu.cfs_quota_us");
        g_autofree char *period = contents(root, "/sys/fs/cgroup/cpu", group, "cpu.cfs_period_us");
        const double lent =
            both ? quota_of_second_version(both) : quota_of_first_version(quota, period);
        if (lent > 0 && (least == 0 || lent < least))
            least = lent;
        char *slash = strrchr(group, '/');
        if (!slash)
            return least;
        *slash = '\0';
    }
}

/* The group of this process in a line of /proc/self/cgroup that is about processors: "0::/a" or "4:cpu,cpuacct:/a". */
static const char *group_in(const char *line)
{
    const char *controllers = strchr(line, ':');
    const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path || path[1] != '/')
        return NULL;
    g_autofree char *names = g_strndup(controllers + 1, (gsize)(path - controllers - 1));
    g_auto(GStrv) each = g_strsplit(names, ",", -1);
    return *names == '\0' || g_strv_contains((const char *const *)each, "cpu") ? path + 1 : NULL;
}

double process_processors(const char *root)
{
    double processors = (double)MAX(1, sysconf(_SC_NPROCESSORS_ONLN));
    g_autofree char *groups = contents(root, "/proc/self", "", "cgroup");
    g_auto(GStrv) lines = g_strsplit(groups ? groups : "0::/", "\n", -1);
    for (int i = 0; lines[i]; i++) {
        const char *group = group_in(lines[i]);
        const double lent = group ? least_quota(root, group) : 0;
        if (lent > 0)
            processors = MIN(processors, lent);
    }
    return MAX(processors, 0.01);
}
