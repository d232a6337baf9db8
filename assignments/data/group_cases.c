/* What the probes of groups try; see group_cases.h. */
#include "assignments/data/group_cases.h"

#include <stdbool.h>

const char *const group_probe_name[GROUP_PROBES] = {
    [GROUPS_OF_PIPELINES] = "groups",
    [GROUPS_OF_TENSORS] = "three_dimensions",
    [GROUPS_OF_TABLES] = "tied_embedding",
};

static bool is_tried(enum group_probe probe, int pipeline, int tensor)
{
    switch (probe) {
    case GROUPS_OF_PIPELINES:
        return tensor == 1;
    case GROUPS_OF_TENSORS:
        return tensor > 1;
    default:
        return pipeline > 1;
    }
}

int group_cases(enum group_probe probe, int ranks, struct group_case cases[GROUP_MOST_CASES])
{
    const int most = ranks < GROUP_MOST_RANKS ? ranks : GROUP_MOST_RANKS;
    int count = 0;
    for (int n = 1; n <= most; n++)
        for (int tensor = 1; tensor <= n; tensor++)
            for (int data = 1; data <= n / tensor; data++) {
                const int pipeline = n / tensor / data;
                if (tensor * data * pipeline == n && is_tried(probe, pipeline, tensor) &&
                    count < GROUP_MOST_CASES)
                    cases[count++] = (struct group_case){n, data, pipeline, tensor};
            }
    return count;
}
